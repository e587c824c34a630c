"""The public REST root, OpenAPI and the machine door (开放接口)."""
