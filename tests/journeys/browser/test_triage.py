"""What triagers do with mouse and keys."""

from selenium.webdriver.common.keys import Keys

from tests.journeys.browser.browser import Browser
from tests.journeys.browser.conftest import send
from tests.stack import Stack
from tests.tracker.admin.test_issue_detail import rich_event

LIST = "/admin/tracker/issue/"


def test_keys_choose_and_resolve_and_undo(browser: Browser, issues: list[int]):
    browser.open(LIST + "?q=is:unresolved+PayError")
    before = len(browser.all("tr.issue"))
    browser.keys("jjx")
    chosen = browser.all('[name="_selected_action"]:checked')
    assert len(chosen) == 1 and "1 of" in browser.find("[data-chosen]").text
    number = chosen[0].get_attribute("value")
    browser.keys("r")
    browser.wait(lambda: "1 resolved." in browser.find(".notes").text)
    assert len(browser.all("tr.issue")) == before - 1
    assert not browser.all(f'[name="_selected_action"][value="{number}"][type=checkbox]')
    browser.keys("z")
    browser.wait(lambda: "Put back." in browser.find(".notes").text)
    assert len(browser.all("tr.issue")) == before


def test_shift_chooses_a_range(browser: Browser, issues: list[int]):
    browser.open(LIST + "?q=")
    boxes = browser.all('.issue [name="_selected_action"]')
    browser.driver.execute_script("arguments[0].click()", boxes[0])
    browser.driver.execute_script(
        "arguments[0].dispatchEvent(new MouseEvent('click', {shiftKey: true, bubbles: true}))",
        boxes[3],
    )
    assert len(browser.all('[name="_selected_action"]:checked')) == 4


def test_searching_from_the_keyboard(browser: Browser, issues: list[int]):
    browser.open(LIST)
    browser.keys("/")
    box = browser.driver.switch_to.active_element
    assert box.get_attribute("id") == "q"
    box.clear()
    box.send_keys("type:PayError3", Keys.ENTER)
    browser.wait(lambda: len(browser.all("tr.issue")) == 1)
    browser.keys("jo")
    browser.wait(lambda: "/change/" in browser.driver.current_url)
    assert "PayError3" in browser.find(".head h1").text


def test_a_chip_narrows_the_list(browser: Browser, issues: list[int]):
    browser.open(LIST + "?q=is:unresolved")
    menus = browser.all("details.chip")
    environment = next(menu for menu in menus if "Environment" in menu.text)
    environment.find_element("css selector", "summary").click()
    environment.find_element("link text", "production").click()
    browser.wait(lambda: "env%3Aproduction" in browser.driver.current_url)
    assert browser.find("#q").get_attribute("value") == "is:unresolved env:production"


def test_the_stack_turns_and_shows_raw(browser: Browser, issues: list[int]):
    browser.open(LIST + "?q=type:PayError3")
    browser.find(".issue-link").click()
    browser.wait(lambda: browser.all("[data-flip]"))
    first = browser.find(".frames > *").text
    browser.find("[data-flip]").click()
    assert browser.find(".frames > *").text != first
    browser.find("[data-raw]").click()
    assert browser.find("[data-rawtext]").text.startswith("Traceback (most recent call last)")
    browser.driver.refresh()
    assert browser.find("[data-rawtext]").is_displayed()  # remembered
    browser.find("[data-raw]").click()
    assert not browser.find("[data-rawtext]").is_displayed()


def test_commenting_and_taking_an_issue(browser: Browser, issues: list[int]):
    browser.open(LIST + "?q=type:PayError3")
    browser.find(".issue-link").click()
    browser.wait(lambda: browser.all("#text"))
    browser.find("#text").send_keys("<i>it is the cart</i>")
    browser.find('button[value="comment"]').click()
    browser.wait(lambda: "<i>it is the cart</i>" in browser.find("#activity").text)
    browser.find('.acts button[value="assign"]').click()
    browser.wait(lambda: browser.all(".notes"))
    assert "Assigned to admin." in browser.find(".notes").text
    assert "took it" in browser.find("#activity").text


def test_colours_follow_the_button(browser: Browser, issues: list[int]):
    browser.open(LIST)
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.driver.execute_script(ground)
    toggle = browser.find("[data-theme-toggle]")
    toggle.click()
    toggle.click()
    assert browser.driver.execute_script(ground) != light
    browser.driver.refresh()
    assert browser.driver.execute_script(ground) != light  # remembered
    browser.find("[data-theme-toggle]").click()
    assert browser.driver.execute_script(ground) == light


def test_the_setup_page_notices_an_event(browser: Browser, stack: Stack, issues: list[int]):
    browser.open(f"/admin/tracker/project/{stack.project_id}/setup/")
    tabs = browser.all('[role="tab"]')
    tabs[2].click()
    assert "@sentry/node" in browser.find('[role="tabpanel"]:not([hidden]):not([data-later])').text
    send(stack, rich_event(77))
    browser.wait(lambda: browser.find("[data-waiting-link]").is_displayed())
    browser.find("[data-waiting-link]").click()
    browser.wait(lambda: "PayError77" in browser.find(".head h1").text)


def test_a_star_chooses_the_page(browser: Browser, issues: list[int]):
    browser.open(LIST + "?q=is:unresolved")
    browser.keys("*")
    boxes = browser.all('.issue [name="_selected_action"]')
    assert boxes and all(box.is_selected() for box in boxes)
    browser.keys("*")
    assert not any(box.is_selected() for box in boxes) or browser.all("[data-whole]")


def test_walking_through_the_list_and_taking_an_issue_by_keys(browser: Browser, issues: list[int]):
    browser.open(LIST + "?q=PayError&sort=first_seen")
    count = len(browser.all("tr.issue"))
    browser.keys("jo")
    browser.wait(lambda: "/change/" in browser.driver.current_url)
    assert browser.find("[data-place]").text == f"1 of {count}"
    first = browser.driver.current_url
    browser.keys("j")
    browser.wait(lambda: browser.driver.current_url != first)
    assert browser.find("[data-place]").text == f"2 of {count}"
    browser.keys("aa")
    browser.wait(lambda: "Assigned to admin." in browser.find(".notes").text)
    browser.keys("z")
    browser.wait(lambda: "Put back." in browser.find(".notes").text)
    browser.keys("u")
    browser.wait(lambda: "sort=first_seen" in browser.driver.current_url)


def test_names_are_suggested_in_a_comment(browser: Browser, issues: list[int]):
    browser.open(LIST + "?q=type:PayError3")
    browser.find(".issue-link").click()
    area = browser.wait(lambda: browser.find("#text"))
    area.send_keys("ask @adm")
    browser.wait(lambda: browser.find("#suggest li").text == "admin")
    area.send_keys(Keys.ENTER)
    assert area.get_attribute("value") == "ask @admin "
    assert not browser.find("#suggest").is_displayed()


def test_breadcrumbs_narrow_by_category(browser: Browser, issues: list[int]):
    browser.open(LIST + "?q=type:PayError3")
    browser.find(".issue-link").click()
    browser.wait(lambda: browser.all("[data-crumb-category]"))
    browser.find(
        '[data-crumb-category] option[value="query"], [data-crumb-category] option:nth-child(3)'
    ).click()
    assert [
        row.get_attribute("data-category") for row in browser.all(".crumb") if row.is_displayed()
    ] == ["query"]
