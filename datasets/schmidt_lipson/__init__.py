"""All files of Schmidt and Lipson."""
