"""A hook of MkDocs: links from docs/ into the code become text on the site; in the repository they work."""

import posixpath
import re
from typing import Any, Final

_LINK: Final = re.compile(r"\[([^\]\n]+)\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:
    """Rewrite the links of one page."""
    folder = posixpath.dirname(page.file.src_uri)

    def text_or_link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, found.group(2)))
        return found.group(1) if target.startswith("..") else found.group(0)

    return _LINK.sub(text_or_link, markdown)
