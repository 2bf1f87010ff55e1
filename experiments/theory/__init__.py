"""The generalisation bound beside the gap that learners really have."""
