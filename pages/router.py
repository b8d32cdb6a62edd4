"""What every visit runs: the frame that all pages share, and the page asked for. `app.py` starts it."""

import sys
from pathlib import Path

import streamlit as st
import torch

# Started by itself, as AppTest does, this file knows its own folder alone.
if (root := str(Path(__file__).parents[1])) not in sys.path:
    sys.path.insert(0, root)
from aemodels import language
from aemodels.language import _
from pages.parts.shared import ahead, garbage, languages, scenes, themes

torch.set_num_threads(1)  # a nine-image decode is some 18 times faster with one thread than with two

language.ask(languages.of_visitor)

# Before `st.navigation`, which would have the browser fetch the page's own icon from Google's server for the tab.
st.set_page_config(
    page_title="Latent Lab",
    page_icon=str(Path(__file__).parent / "parts/icon.png"),
    layout="wide",
    initial_sidebar_state=240,  # pixels: as wide as its longest name, so that a projector has room for whole panels
)

STYLE = """
/* The picture above the fold on a projector: the title begins where the strip of Streamlit's own buttons ends. */
.stMainBlockContainer { padding: 2.5rem clamp(1rem, 2vw, 2.5rem) 4rem; position: relative; }
.stMainBlockContainer h1 { font-size: 2.25rem; padding: 0.5rem 0 0.9rem; }
[data-testid="stButtonGroup"] button { min-height: 2.5rem; }  /* as high as the fields beside it, so that labels line up */
/* The language stands beside the title, above it where the window is narrow. */
.st-key-language { gap: 0; position: absolute; top: 4.4rem; right: clamp(1rem, 2vw, 2.5rem); width: auto; z-index: 2; }
.st-key-language button { min-height: 1.9rem; padding: 0 0.6rem; }
.st-key-language > [data-testid="stElementContainer"]:has(.stHtml) { display: none; }
@media (width <= 640px) {
  .stMainBlockContainer { padding-top: 3.5rem; }
  .st-key-language { position: static; width: 100%; margin: 0.5rem 0 -1rem; }
}
/* Streamlit leaves out the line between a chosen segment and its neighbours, which may stand in another row. */
[data-testid="stButtonGroup"] button[data-selected] { z-index: 1; }
[data-testid="stButtonGroup"] button:not([data-selected], [data-hovered], [data-focus-visible], [data-disabled]) {
  border-color: color-mix(in srgb, currentColor 20%, transparent) !important;
}
[data-testid="stButtonGroup"] button { padding: 0 0.75rem; }  /* nine pictures' numbers in one row on a phone, and fewer rows of widgets */
@media (width > 640px) { .stMainBlockContainer [data-testid="stHorizontalBlock"] { row-gap: 0.75rem; } }  /* where it wraps */
/* A projector shows 1024 by 768: what a click changes stands above the fold. Where the sidebar is closed its button takes the first line. */
@media (height <= 800px) and (width > 640px) {
  .stMainBlockContainer { padding-top: 0.6rem; }
  [data-testid="stApp"]:has([data-testid="stExpandSidebarButton"]) .stMainBlockContainer { padding-top: 3.4rem; }
  .stMainBlockContainer h1 { font-size: 1.9rem; padding: 0.35rem 0 0.5rem; }
  .stMainBlockContainer h2 { font-size: 1.5rem; padding: 0.4rem 0; }
  .stMainBlockContainer > [data-testid="stVerticalBlock"] { gap: 0.5rem; }
  .st-key-language { top: 1.1rem; }
  [data-testid="stApp"]:has([data-testid="stExpandSidebarButton"]) .st-key-language { top: 4rem; }
}
.st-key-theme { position: absolute; }  /* shows nothing, and takes no room */
[data-testid="stMarkdown"]:has(table) { overflow-x: auto; }
[data-testid="stMarkdown"] :is(th, td) { word-break: keep-all; }  /* a Chinese word is not split where a column is narrow */
.stTable th { min-width: 4.5rem; }  /* nor of a long name a letter or two */
.stTable :is(th[scope="row"], td:first-child) { min-width: 8rem; }  /* not a word a line on a phone, where the table scrolls in its own box */
/* Plotly's tools would stand on a chart's title where it is narrow, and a finger needs none of them. */
@media (width <= 640px) { .js-plotly-plot .modebar-container { display: none; } }
/* Where the Tab key stands: Streamlit gives links a paler ground alone, and the buttons on pictures nothing. */
:is([data-testid="stPageLink-NavLink"], [data-testid="stSidebarNavLink"], [data-testid="stElementToolbar"] button):focus-visible {
  outline: 2px solid var(--st-primary-color, #2f8fcf) !important;
}
/* Letters at 4.5 to 1 at least: Streamlit gives captions an opacity of 0.6, and writes white on the primary colour. */
[data-testid="stCaptionContainer"] { opacity: 0.7; }
[data-testid="stCaptionContainer"] code { color: inherit; }
button[data-testid="stBaseButton-primary"]:not(:disabled) { background-color: #0072b2; border-color: #0072b2; }
button[data-testid="stBaseButton-primary"]:hover:enabled { filter: brightness(0.9); }
@media (width <= 1200px) {  /* a panel's letters stay legible: it scrolls in its own box; pictures of a width of their own keep it */
  .stElementContainer[width="100%"] .stImage:not(.stColumn *) { overflow-x: auto; }
  .stElementContainer[width="100%"] .stImage:not(.stColumn *) img { min-width: 39rem; max-width: none; }
}
/* What is wider than its box fades out at the sides to which it can be scrolled, with the scrolling itself as the clock. (A < before a
   letter would have Streamlit drop the whole style.) */
@property --more-left { syntax: "\\3c length>"; inherits: false; initial-value: 0px; }
@property --more-right { syntax: "\\3c length>"; inherits: false; initial-value: 0px; }
@keyframes more-left { from { --more-left: 0px; } 10%, to { --more-left: 3rem; } }
@keyframes more-right { from, 90% { --more-right: 3rem; } to { --more-right: 0px; } }
@media screen {
  .stImage, .stTable > *, [data-testid="stMarkdown"]:has(table) {
    animation: more-left linear both, more-right linear both;
    animation-timeline: scroll(self inline);
    mask: linear-gradient(to right, transparent, black var(--more-left), black calc(100% - var(--more-right)), transparent);
  }
}
@media print {
  [data-testid="stSidebar"], .st-key-language { display: none; }
  .stMain { zoom: 0.6; }  /* on paper a chart stays as wide as it is in the window */
  .stImage, .stPlotlyChart, tr { break-inside: avoid; }
  .stHeading { break-after: avoid; }
}
"""
scenes.follow()
languages.settle()
page = st.navigation(
    {
        "": [
            st.Page("about/home.py", title=_("Home"), icon=":material/home:", default=True),
        ],
        _("MNIST family"): [
            st.Page(
                "mnist/latent_plane.py",
                title=_("Latent plane"),
                icon=":material/scatter_plot:",
                url_path="mnist-latent-plane",
            ),
            st.Page("mnist/twins.py", title=_("Twins"), icon=":material/compare:", url_path="mnist-twins"),
            st.Page("mnist/path.py", title=_("Path"), icon=":material/timeline:", url_path="mnist-path"),
            st.Page("mnist/denoise.py", title=_("Denoise"), icon=":material/blur_off:", url_path="mnist-denoise"),
            st.Page("mnist/train_live.py", title=_("Train live"), icon=":material/play_circle:", url_path="train_live"),
        ],
        _("Photos"): [
            st.Page(
                "dogs/reconstruct.py", title=_("Reconstruct"), icon=":material/image:", url_path="dogs-reconstruct"
            ),
            st.Page("dogs/stages.py", title=_("What encode adds"), icon=":material/stairs:", url_path="stages"),
            st.Page("dogs/sample.py", title=_("Sample"), icon=":material/casino:", url_path="dogs-sample"),
            st.Page("dogs/generate.py", title=_("Generate"), icon=":material/auto_awesome:", url_path="generate"),
            st.Page("dogs/axes.py", title=_("Axes"), icon=":material/open_with:", url_path="dogs-axes"),
            st.Page(
                "dogs/interpolate.py",
                title=_("Interpolate"),
                icon=":material/timeline:",
                url_path="dogs-interpolate",
            ),
            st.Page("dogs/perturb.py", title=_("Perturb"), icon=":material/grain:", url_path="dogs-perturb"),
            st.Page(
                "dogs/noise_regularised.py",
                title=_("Noise-regularised"),
                icon=":material/settings_input_antenna:",
                url_path="dogs-noise-regularised",
            ),
        ],
        _("Any data set"): [
            st.Page("any/map.py", title=_("Map"), icon=":material/map:", url_path="map"),
            st.Page(
                "any/code_size.py", title=_("Size of the code"), icon=":material/straighten:", url_path="code_size"
            ),
            st.Page("any/film.py", title=_("Film"), icon=":material/movie:", url_path="film"),
            st.Page("any/anomaly.py", title=_("Anomaly"), icon=":material/report:", url_path="anomaly"),
        ],
        _("About"): [
            st.Page("about/training.py", title=_("Training"), icon=":material/monitoring:", url_path="training"),
            st.Page("about/report.py", title=_("Report"), icon=":material/description:", url_path="report"),
        ],
    }
)
is_home = page.url_path == ""
st.set_page_config(page_title="Latent Lab" if is_home else f"{page.title} · Latent Lab")
st.html(f"<style>{STYLE}</style>")
languages.switch()
themes.follow()
scenes.show(page)

garbage.freeze()
ahead.prepare_next()
