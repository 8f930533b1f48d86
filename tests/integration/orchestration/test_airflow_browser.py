"""What an operator sees and clicks: Airflow's UI in a real browser.

With SCREENSHOTS set to a folder the pictures of docs/operations.md are taken anew.
"""

import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from pipeline_support import BROKEN, PIPELINE, Runs
from playwright.sync_api import Page, expect, sync_playwright

from fraud_core.settings import Settings
from fraud_local.airflow_api import AirflowApi

pytestmark = [pytest.mark.integration, pytest.mark.timeout(2400)]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 90_000


@pytest.fixture(scope="module")
def page(warehouse: Settings, first_run: Runs) -> Generator[Page]:
    """The pipeline's page, with the operator logged in through the form."""
    assert first_run.now().is_over
    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser_path is None:
        pytest.skip("there is no Chromium here; Debian has it as the package `chromium`")
    with sync_playwright() as playwright:
        # Root has no sandbox of Chromium's; it only ever sees this machine's own Airflow.
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE_MS)
        log_in(page, warehouse)
        yield page
        browser.close()


def log_in(page: Page, settings: Settings) -> None:
    assert settings.airflow_password
    page.goto(f"{settings.airflow_url}/dags/{PIPELINE}")
    page.fill("input[name=username]", settings.airflow_user)
    page.fill("input[name=password]", settings.airflow_password.get_secret_value())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_test_id("trigger-dag-button").wait_for()


def take(page: Page, name: str, *, height: int = 800) -> None:
    """A picture of the page's upper part for the docs, if any are wanted."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.wait_for_timeout(2_000)
        page.screenshot(
            path=Path(folder) / f"{name}.png",
            clip={"x": 0, "y": 0, "width": 1280, "height": height},
        )


def trigger_with_the_form(page: Page, settings: Settings, api: AirflowApi) -> Runs:
    """Start a run by its form, and return it."""
    before = set(api.run_ids(PIPELINE))
    page.goto(f"{settings.airflow_url}/dags/{PIPELINE}")
    page.get_by_test_id("trigger-dag-button").click()
    page.locator("input[name=element_wait_seconds]").fill("120")
    take(page, "airflow-trigger")
    page.get_by_test_id("trigger-dag-submit").click()
    page.get_by_test_id("trigger-dag-submit").wait_for(state="hidden")
    runs = Runs(api)
    (runs.run_id,) = (
        name for name in api.run_ids(PIPELINE) if name not in before and name.startswith("manual")
    )
    return runs


def open_run(page: Page, settings: Settings, runs: Runs, task: str = "") -> None:
    place = f"/tasks/{task}" if task else ""
    page.goto(f"{settings.airflow_url}/dags/{PIPELINE}/runs/{runs.run_id}{place}")
    page.get_by_test_id("trigger-dag-button").wait_for()


def see(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE_MS)


@pytest.mark.usefixtures("first_run")
def test_a_run_that_is_triggered_with_the_form_turns_green_and_shows_its_report(
    page: Page, warehouse: Settings, airflow: AirflowApi
) -> None:
    runs = trigger_with_the_form(page, warehouse, airflow)
    assert runs.follow().state == "success"

    open_run(page, warehouse, runs)
    see(page, "Success")
    see(page, "new orders")


def test_a_red_box_is_opened_its_log_names_the_rows_and_once_cleared_it_turns_green(
    page: Page, warehouse: Settings, airflow: AirflowApi, bad_row: Callable[[], None]
) -> None:
    runs = trigger_with_the_form(page, warehouse, airflow)
    assert runs.follow().state == "failed"

    open_run(page, warehouse, runs, f"dbt_marts.{BROKEN}")
    see(page, "Failed")
    see(page, f"{BROKEN} failed in")
    see(page, "select")
    take(page, "airflow-red-box", height=563)  # without this machine's paths

    bad_row()
    page.get_by_role("button", name="clear").first.click()
    page.get_by_role("button", name="Downstream", exact=True).click()  # off: it follows by itself
    page.get_by_role("button", name="Confirm").click()
    runs.begins_again()
    assert runs.follow().state == "success", runs.troubles()

    open_run(page, warehouse, runs)
    see(page, "Success")
    assert "0 failed" in (runs.now().note or "")
    assert set(runs.colours().values()) == {"success"}
