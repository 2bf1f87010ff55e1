"""A torque-controlled pendulum, from pixels."""
