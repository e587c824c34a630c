# Daily habits. `./run` and `./test` need none of this: they are plain shell.
PY := .venv/bin/python

.PHONY: help stop reset check format types imports migrations clauses openapi lock bench db

help:
	@echo "make check   检查:格式、类型、引用关系、迁移、条款、接口快照 / all checks"
	@echo "make format  整理代码格式 / format the code"
	@echo "make stop    停止系统和私有数据库 / stop everything"
	@echo "make reset   删除本机全部数据,重新开始 / delete all data of this checkout"
	@echo "make db      只启动私有数据库 / start the private database alone"
	@echo "make bench   性能测量 / measure (make bench cases | year | soak …)"
	@echo "make lock    更新锁定文件 / renew the lock files"

stop:
	@$(PY) -m hezhi.wiring.housekeeping stop

reset:
	@$(PY) -m hezhi.wiring.housekeeping reset

db:
	@$(PY) -m hezhi.wiring.cluster start

check:
	@sh scripts/check.sh

format:
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# `make bench cases OPTIONS="--rows 100000"`: the words after `bench` say which.
ifeq (bench,$(firstword $(MAKECMDGOALS)))
WHICH := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
ifneq (,$(WHICH))
$(eval $(WHICH):;@:)
endif
endif

bench:
	@sh scripts/bench.sh $(WHICH) $(OPTIONS)

# Lock files carry no registry's address: who installs chooses his own mirror.
lock:
	@sh scripts/lock.sh
