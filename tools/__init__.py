"""How the book is made: environment, execution, staging, rendering.

``make.py`` needs only ``environment``; the other modules run inside the
virtual environment. A chapter's journey::

    book/NAME.md --execute--> _build/runs/PROFILE/NAME.ipynb (+ NAME.json)
                 --stage----> _build/source/NAME.ipynb
                 --render---> _build/html/NAME.html
"""
