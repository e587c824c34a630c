"""9.1.3-2 基础信息管理: compounds, buildings, homes, people, organisations, small places, volunteer groups."""
