"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const plots = [...document.querySelectorAll(".plot")];
  const CONFIG = { responsive: true, displayModeBar: false };
  const PAPER = { one: 680, several: 330 }; // pixels, as the print style lays the columns out

  async function unpack() {
    const packed = atob(document.getElementById("plotly").textContent);
    const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  }

  async function draw() {
    const figures = read("figures");
    const template = read("template");
    for (const plot of plots) {
      const { data, layout } = figures[plot.id];
      await Plotly.newPlot(plot, data, { ...layout, template }, CONFIG);
    }
  }

  function switchStatistic(event) {
    const shown = Number(event.target.value);
    for (const plot of document.querySelectorAll("#pair-maps .plot")) {
      Plotly.restyle(plot, { visible: [shown === 0, shown === 1] }, [0, 1]);
    }
  }

  const isBefore = (a, b) => (isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);

  function sortBy(header) {
    const column = header.cellIndex;
    const body = header.closest("table").tBodies[0];
    const turn = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const rows = [...body.rows].sort(
      (a, b) => turn * isBefore(a.cells[column].dataset.sort, b.cells[column].dataset.sort),
    );
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", turn === 1 ? "ascending" : "descending");
    body.append(...rows);
  }

  function fitPaper() {
    for (const details of document.querySelectorAll("details")) details.open = true;
    for (const plot of plots) {
      const several = plot.closest(".two, .three");
      Plotly.relayout(plot, { width: several ? PAPER.several : PAPER.one });
    }
  }

  function fitScreen() {
    for (const plot of plots) Plotly.relayout(plot, { width: null, autosize: true });
  }

  for (const button of document.querySelectorAll(".sortable th button")) {
    button.addEventListener("click", () => sortBy(button.closest("th")));
  }
  unpack().then(draw).then(
    () => {
      document.getElementById("statistic")?.addEventListener("change", switchStatistic);
      addEventListener("beforeprint", fitPaper);
      addEventListener("afterprint", fitScreen);
      document.documentElement.dataset.figures = "drawn";
    },
    (error) => {
      document.documentElement.dataset.figures = "failed";
      for (const plot of plots) {
        plot.style.height = "auto";
        plot.textContent = "This browser cannot draw the chart.";
      }
      console.error(error);
    },
  );
})();
