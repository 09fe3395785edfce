"""The documentation site: the pages of this repository, the notebooks and the Python package, built by Sphinx.

python3 -m pip install -r docs/requirements.txt ./python
sphinx-build -W --keep-going -c docs . SITE
"""

project = "apical"
author = "The apical developers"
copyright = author
html_theme = "furo"
html_title = "apical"

# The root of the repository is the source, so that pages link to models and code as they do there.
root_doc = "docs/index"
include_patterns = [
    "docs/*.md",
    "python/notebooks/*.ipynb",
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/mnist/README.md", "fuzz/README.md"),
]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
myst_heading_anchors = 4
nb_execution_mode = "auto"
nb_execution_in_temp = True
nb_execution_timeout = 600
nb_execution_raise_on_error = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
