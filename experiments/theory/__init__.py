"""The generalisation bound beside the measured generalisation gap."""
