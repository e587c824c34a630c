"""Floor 1, the ground: time, ids, text, crypto, ui kit, test kit. No models."""
