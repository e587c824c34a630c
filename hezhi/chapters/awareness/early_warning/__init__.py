"""Early warning (事件预警, 9.1.4-1): messages of all channels become events, events that burst are warned of."""
