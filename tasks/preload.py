"""Imported once by the fork server of the worker pool, so that every worker starts with all of it in memory.

Importing this module has an effect on purpose (models and date locales are loaded); nothing else may import it.
"""

from config.settings import GAZETTEERS
from tasks import pipeline

pipeline.warm_up(GAZETTEERS)
