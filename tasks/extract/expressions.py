"""trafilatura's XPath expressions, made to ask only where there is something to ask about.

Half of a fast reading is XPath over all elements of the page. For `re:test(@class, ...)` lxml makes Python strings of
the attribute and calls Python's `re`, for elements without a class too. Here the attribute is asked for first, and its
plain string handed over: the same elements in three quarters of the time, measured on the traf pages of ../shared.
"""

import re

import trafilatura.baseline
import trafilatura.xpaths
from lxml.etree import XPath
from trafilatura.settings import BASIC_CLEAN_XPATH

TEST = re.compile(r"re:test\((@[\w|@-]+),")
ATTRIBUTE = re.compile(r"@[\w-]+")
# All elements below, of some tags or any; conditions follow.
ELEMENTS = re.compile(r"\.//\*(?:\[self::[^\]]+\])?(?=\[)")


def sparing(expression: XPath) -> XPath:
    """An expression that selects the same elements in less time.

    It holds for conditions of which none is true of an element that has none of the attributes they name, and patterns
    that do not match the empty string; so are trafilatura's.
    """
    path = TEST.sub(r"\1 and re:test(string(\1),", expression.path)
    named = " or ".join(dict.fromkeys(ATTRIBUTE.findall(path)))
    if named and len(ELEMENTS.findall(path)) == 1:
        path = ELEMENTS.sub(rf"\g<0>[{named}]", path)
    return XPath(path, namespaces={"re": trafilatura.xpaths.REGEXP_NS})


def use_in_trafilatura() -> None:
    """Nothing; afterwards trafilatura asks by these expressions."""
    for expressions in vars(trafilatura.xpaths).values():
        if isinstance(expressions, list):
            expressions[:] = map(sparing, expressions)
    vars(trafilatura.baseline)["BASIC_CLEAN_XPATH"] = sparing(BASIC_CLEAN_XPATH)
