"""Files of other tools -> architectures, techniques and attack trees; nothing in them is run."""
