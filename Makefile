# Thin: make.py does the work. make book PROFILE=quick JOBS=2
PYTHON ?= python3
PROFILE ?= smoke
OPTIONS = --profile $(PROFILE) $(if $(SEED),--seed $(SEED)) \
          $(if $(DATA_ROOT),--data-root "$(DATA_ROOT)") \
          $(if $(JOBS),--jobs $(JOBS))

.PHONY: book chapter test lab serve clean

book:
	@$(PYTHON) make.py book $(OPTIONS)

chapter:
	@$(PYTHON) make.py chapter $(NAME) $(OPTIONS)

test:
	@$(PYTHON) make.py test

lab:
	@$(PYTHON) make.py lab

serve:
	@$(PYTHON) make.py serve $(PORT)

clean:
	@$(PYTHON) make.py clean
