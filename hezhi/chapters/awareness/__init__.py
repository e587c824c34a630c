"""9.1.4 态势感知: what happens is noticed before it is too late, about matters and places, never about persons."""
