"""The measured single pendulum of Kaheman et al."""
