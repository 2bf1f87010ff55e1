"""The measured pendulum of Schmidt and Lipson, split as for HNN."""
