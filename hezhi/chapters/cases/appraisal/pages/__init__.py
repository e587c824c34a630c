"""The pages of appraisal (业务考核, 9.1.2-5)."""

urlpatterns: list = []
