"use strict";
// The switch goes from what the system says to light and to dark; the choice is kept where the browser lets us.
const THEMES = ["auto", "light", "dark"];
const themeOf = () => document.documentElement.dataset.theme || "auto";
const setTheme = (name) => {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  const button = document.getElementById("theme");
  if (button) button.textContent = `Theme: ${name}`;
};
try {
  const kept = localStorage.getItem("extractor-theme");
  if (THEMES.includes(kept)) setTheme(kept);
} catch { /* no storage for a file: the system decides */ }
document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  button.hidden = false;
  setTheme(themeOf());
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(themeOf()) + 1) % THEMES.length];
    setTheme(next);
    try { localStorage.setItem("extractor-theme", next); } catch { /* likewise */ }
  });
});
