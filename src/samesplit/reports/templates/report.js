"use strict";
document.querySelectorAll("table.sortable").forEach(function (table) {
  table.querySelectorAll("thead tr:last-child > *").forEach(function (head, index) {
    if (head.classList.contains("forest") || !head.textContent.trim()) { return; }
    var button = document.createElement("span"); // a <button> is left blank where a printed head is repeated
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    while (head.firstChild) { button.appendChild(head.firstChild); }
    head.appendChild(button);
    button.addEventListener("keydown", function (event) {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); button.click(); }
    });
    button.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") !== "descending";
      table.querySelectorAll("thead th").forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      table.querySelectorAll("tbody").forEach(function (body) {
        var rows = Array.from(body.querySelectorAll("tr:not(.group)"));
        rows.sort(function (a, b) { return compare(value(a, index), value(b, index), down); });
        rows.forEach(function (row) { body.appendChild(row); });
      });
    });
  });
});
function value(row, index) { var cell = row.children[index]; return cell ? cell.dataset.v || "" : ""; }
function compare(a, b, down) {
  if (a === "" || b === "") { return a === b ? 0 : a === "" ? 1 : -1; }
  var x = Number(a), y = Number(b);
  var order = isNaN(x) || isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
  return down ? -order : order;
}
function markWide() {
  document.querySelectorAll(".scroll, .drawing").forEach(function (box) {
    box.classList.toggle("wide", box.scrollWidth > box.clientWidth + 1);
  });
}
markWide();
window.addEventListener("resize", markWide);
document.addEventListener("toggle", markWide, true);
document.querySelectorAll(".folding").forEach(function (line) {
  line.hidden = false;
  line.querySelectorAll("button").forEach(function (button) {
    button.addEventListener("click", function () {
      document.querySelectorAll("details.fold").forEach(function (one) { one.open = button.dataset.fold === "open"; });
    });
  });
});
function unfold() {
  var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  var folded = target && (target.querySelector("details.fold:not([open])") || target.closest("details.fold:not([open])"));
  if (folded) { folded.open = true; target.scrollIntoView(); }
}
window.addEventListener("hashchange", unfold);
document.querySelectorAll("nav.contents a").forEach(function (link) {
  link.addEventListener("click", function () { setTimeout(unfold, 0); }); // the same link twice changes no hash
});
var opened = [];
window.addEventListener("beforeprint", function () {
  opened = Array.from(document.querySelectorAll("details:not([open])"));
  opened.forEach(function (one) { one.open = true; });
});
window.addEventListener("afterprint", function () {
  opened.forEach(function (one) { one.open = false; });
});
document.querySelectorAll("table[data-name]").forEach(function (table) {
  var button = document.createElement("button");
  button.type = "button";
  button.className = "csv";
  button.textContent = "Save as CSV";
  table.parentNode.parentNode.appendChild(button);
  button.addEventListener("click", function () {
    var lines = [];
    table.querySelectorAll("tr:not(.group):not(.spans)").forEach(function (row) {
      var line = [];
      Array.from(row.children).forEach(function (cell) {
        if (cell.classList.contains("forest")) { return; }
        var head = row.parentNode.tagName === "THEAD", wide = cell.classList.contains("interval");
        line.push(head ? cell.textContent.replace(/ [↑↓]$/, "") : cell.dataset.v || "");
        if (wide) { line.push(head ? "low" : cell.dataset.low || "", head ? "high" : cell.dataset.high || ""); }
      });
      lines.push(line.map(function (text) { return /[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text; }).join(","));
    });
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
    link.download = table.dataset.name + ".csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });
});
document.querySelectorAll(".manuscript").forEach(function (box) {
  var button = document.createElement("button"), text = box.querySelector(".copied");
  button.type = "button";
  button.className = "csv";
  button.textContent = "Copy the text";
  box.appendChild(button);
  button.addEventListener("click", function () {
    var chosen = window.getSelection(), range = document.createRange();
    range.selectNodeContents(text);
    chosen.removeAllRanges();
    chosen.addRange(range); // a page that was opened from a file may have no clipboard of its own
    button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl-C";
  });
});
if ("IntersectionObserver" in window) {
  var links = {}, contents = document.querySelector("nav.contents");
  document.querySelectorAll("nav.contents a").forEach(function (link) { links[link.getAttribute("href").slice(1)] = link; });
  var watch = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting && links[entry.target.id]) {
        Object.values(links).forEach(function (link) { link.classList.remove("here"); });
        links[entry.target.id].classList.add("here");
        var inside = links[entry.target.id].closest("details");
        if (getComputedStyle(contents).position === "sticky") { // elsewhere it would push the text down
          contents.querySelectorAll("details").forEach(function (one) { one.open = one === inside; });
        }
      }
    });
  }, { rootMargin: "-10% 0px -80% 0px" });
  document.querySelectorAll("main section, main header").forEach(function (part) { watch.observe(part); });
}
