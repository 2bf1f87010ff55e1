"""Videos of an object that slides down a ramp and hits another one."""
