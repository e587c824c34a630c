"""The ui kit (界面组件): shells, page patterns, parts, colours and scripts for every floor above."""
