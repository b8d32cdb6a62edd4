"""How each checkpoint was made: loss curves, settings, provenance."""

import pandas as pd
import streamlit as st

from aemodels.language import _, number
from aemodels.report import panels
from aemodels.report.names import safe_file_name
from aemodels.storage import checkpoints, histories
from pages.parts.shared import controls, loaders, markdown, models
from pages.parts.training import curves, findings, groups, settings

ALL = ""  # no model stands out

controls.header(
    _("Training"),
    _(
        "How each model was trained: its loss curve, its settings, and the computer that did it. All of this is kept in the model's file."
    ),
)
found = loaders.read_catalogue()
models.say_broken(found.broken)
if not found.groups:
    models.say_none()
    st.stop()
with controls.row():
    by_key = {group.key: group for group in groups.of_one_kind(found.groups)}
    titles = {key: group.title for key, group in by_key.items()}
    group = by_key[controls.choose(_("Data set"), titles, "data")]
    along = controls.choose(_("Curves along"), {key: _(title) for key, title in curves.ALONG.items()}, key="along")
    called = {model.name: models.title(model.name) for model in group.models}
    options = {ALL: _("All alike")} | called
    chosen = controls.choose(_("Model that stands out"), options, key="emphasised") if len(group.models) > 1 else ALL
look = curves.Look(along, {} if group.models[0].is_prior else models.colours(group), None if chosen == ALL else chosen)
headers = {model.name: model.header for model in group.models}
trainings = {name: checkpoints.trainings(name, header) for name, header in headers.items()}
if group.models[0].is_prior:
    curves.show_priors(trainings, look)
else:
    curves.show_autoencoders(group, trainings, look)
st.markdown(groups.say_splits(group))
made, starts = histories.each_once(trainings)
controls.notice(
    [
        *models.faults_of(*headers),
        *findings.of_first_tenth(headers),
        findings.of_time(made, len(headers)),
        *findings.of_several_trainings(group, trainings),
        *findings.of_last_tenth(headers),
        *findings.of_unfinished(headers),
    ]
)

table = pd.DataFrame(settings.of_models(group.models)).rename_axis(_("setting"))
differs = table.nunique(axis=1) > 1
if differs.any():
    st.header(_("Where they differ"), anchor=False)
    st.table(table[differs].rename(columns=lambda name: markdown.literal(called[name])).map(markdown.literal))
if any(header["model_config"].get("refiner_steps") for header in headers.values()):
    st.caption(
        _(
            "Corrector: a smaller encoder that sees each photo together with its first reconstruction, and adds something to the code. Learned gradient steps: "
            "a network, the refiner, sees the gradient of the error with respect to the code and says what to add, several times. "
            "Plain gradient steps: ordinary descent after that (L-BFGS; under noise, straight down the gradient), which is not used while training. "
            "The number of learned steps is among the settings that were chosen."
        )
    )
if not differs.all():
    st.header(_("The same in all") if len(headers) > 1 else _("Settings"), anchor=False)
    st.markdown(
        " · ".join(
            _("{setting}: **{value}**").format(setting=key, value=markdown.literal(value))
            for key, value in table[~differs].iloc[:, 0].items()
        )
    )
if any(len(of_model) > 1 for of_model in trainings.values()):
    with st.expander(_("All {number} trainings").format(number=number(len(made)))):
        rows = settings.of_trainings(made, starts)
        st.table(pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("training")).map(markdown.literal))
history = pd.concat(
    [
        pd.DataFrame(training["history"]).assign(
            model=name, training=i, made=training["name"], loss=training["model_config"].get("reconstruction")
        )
        for name in headers
        for i, training in enumerate(trainings[name], start=1)
    ]
)
with st.container(horizontal=True):
    for label, content, file in [
        (_("Settings (CSV)"), table, "settings"),
        (_("Curves (CSV)"), history, "curves"),
    ]:
        st.download_button(
            label,
            content.rename(columns=panels.cell).map(panels.cell).to_csv(index=file == "settings").encode("utf-8-sig"),
            file_name=f"training-{safe_file_name(group.title)}-{file}.csv",
            mime="text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
