"""A headless Chromium for tests: no network, no profile, and a log of what a page says and asks for."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
WHY_NOT = "Chromium and its driver aren't installed (apt-get install chromium chromium-driver)"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
_SECONDS = 120  # another program may have the machine


class Page:
    """A page in the browser."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, file: Path, fragment: str = "") -> "Page":
        """Open a file, with nothing left of the page before."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "file://", "storageTypes": "all"})
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)
        self.driver.get(file.as_uri() + fragment)
        return self

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        """Return the first element."""
        return self.driver.find_element("css selector", selector)

    def click(self, selector: str) -> None:
        """Click the first element, in the middle of its pane: what lies over an edge would get the click."""
        node = self.find(selector)
        self.run("arguments[0].scrollIntoView({block: 'center', inline: 'nearest', behavior: 'instant'})", node)
        node.click()

    def all(self, selector: str) -> list[Any]:
        """Return every element."""
        return self.driver.find_elements("css selector", selector)

    def keys(self, *keys: str) -> None:
        """Type into whatever has the focus."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def wait(self, script: str, *arguments: object) -> Any:
        """Wait until a script returns something that is true."""
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, _SECONDS, 0.05).until(lambda _: self.run(script, *arguments))

    def arrives(self, ending: str) -> None:
        """Wait until the address ends so; works where scripts are off, too."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, _SECONDS, 0.05).until(lambda driver: driver.current_url.endswith(ending))

    def seen(self, identifier: str) -> bool:
        """Whether an element is within its pane and on the screen, once scrolling has come to rest."""
        script = """
            const node = document.getElementById(arguments[0]), box = node.getBoundingClientRect();
            const pane = node.closest('.pane').getBoundingClientRect();
            const [top, bottom] = [Math.max(pane.top, 0), Math.min(pane.bottom, innerHeight)];
            return box.width > 0 && box.top >= top && box.bottom <= bottom;
        """
        return bool(self.wait(script, identifier))

    def complaints(self) -> list[str]:
        """Return what the page said on the console: errors, and what its policy refused."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return every address that was asked for, the page's own left out."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        here = self.driver.current_url.partition("#")[0]
        return [url for url in asked if url.partition("#")[0] != here and not url.startswith(("data:", "about:"))]

    def size(self, width: int, height: int, scale: float = 1) -> None:
        """Set the size of the window in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def media(self, kind: str = "", scheme: str = "light") -> None:
        """Pretend to print, or that the system prefers dark colours."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": features})


@contextmanager
def chromium() -> Iterator[Page]:
    """Start the browser with an empty profile; skips the test where there is none."""
    if not CHROMIUM or not DRIVER:
        pytest.skip(WHY_NOT)
    pytest.importorskip("selenium", reason="selenium isn't installed; it drives Chromium")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1440,900"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = Chrome(options=options, service=Service(DRIVER))
        driver.set_page_load_timeout(_SECONDS)
        try:
            yield Page(driver)
        finally:
            driver.quit()
