"""9.1.3-2-6 重点帮扶关注人员, 9.1.3-2-7 特殊人群: care files, built inside the limits of data protection."""
