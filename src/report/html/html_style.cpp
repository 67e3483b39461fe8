#include <fmt/format.h>

#include <array>
#include <string_view>

#include "charts/chart_style.hpp"
#include "smoothbound/report/html/html_report.hpp"

namespace smoothbound {
namespace {

std::string theme_variables(const Theme& theme) {
  return fmt::format(":root{{--bg:{};--text:{};--muted:{};--link:{};--rule:{};--panel:{}}}\n",
                     theme.background, theme.text, theme.muted, theme.link, theme.grid,
                     theme.panel);
}

// On pages narrower than `width`, the cells of a row of such tables stand in a grid, with labels.
std::string stacked_rows(std::string_view tables, std::string_view width) {
  struct Rule {
    std::string_view selector;
    std::string_view declarations;
  };
  constexpr auto rules = std::to_array<Rule>({
      {"table", "display:block"},
      {"tbody", "display:block"},
      {"thead", "display:none"},
      {"tr",
       "display:grid;grid-template-columns:repeat(auto-fill,minmax(8.25rem,1fr));gap:.25rem .75rem;"
       "padding:.5rem 0;border-bottom:1px solid var(--rule)"},
      {"td",
       "display:block;padding:0;border:0!important;text-align:left;max-width:none;"
       "overflow-wrap:anywhere"},
      {"td.name", "grid-column:1/-1;order:-1;font-weight:600"},
      {"td:empty", "display:none"},
      {"td:not(.name)::before",
       "content:attr(data-label);display:block;color:var(--muted);font-size:.75rem;font-weight:"
       "400"},
  });
  std::string css = fmt::format("@media screen and (max-width:{}){{\n", width);
  for (const auto& [selector, declarations] : rules) {
    css += fmt::format("{} {}{{{}}}\n", tables, selector, declarations);
  }
  return css + "}\n";
}

}  // namespace

std::string html_style() {
  return ":root{color-scheme:light dark}\n" + theme_variables(light_theme) +
         "@media screen and (prefers-color-scheme:dark){\n" + theme_variables(dark_theme) + "}\n" +
         R"(*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:96rem;padding:1.5rem clamp(1rem,3vw,2.5rem) 4rem;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif;overflow-wrap:anywhere}
h1{font-size:1.75rem;line-height:1.2;margin:.5rem 0 1rem}
h2{font-size:1.4rem;line-height:1.25;margin:0 0 .25rem}
h3{font-size:1.05rem;margin:1.75rem 0 .5rem}
p,ul{margin:.5rem 0;max-width:48rem}
ul{padding-left:1.25rem}
a{color:var(--link)}
a:focus-visible,.scroll:focus-visible,pre:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.muted{color:var(--muted)}
.small{font-size:.875rem}
section{border-top:1px solid var(--rule);margin-top:3rem;padding-top:1.5rem}
.scroll{overflow-x:auto;max-width:100%;margin:.5rem 0}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
.wide table{font-size:.8125rem}
th,td{padding:.3rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);white-space:nowrap}
td.name,td.text{white-space:normal}
td.name{min-width:6rem;max-width:20rem;overflow-wrap:anywhere}
td.text{max-width:14rem}
th{font-weight:600;background:var(--panel)}
.n{text-align:right}
tr.total td,tr.total th{font-weight:600;border-top:2px solid var(--muted);background:none}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1.5rem;align-items:start;margin:1rem 0}
figure{margin:0;border:1px solid var(--rule);border-radius:6px}
figure svg{display:block;width:100%;height:auto;max-width:40rem!important;margin:0 auto}
pre{overflow-x:auto;padding:.75rem 1rem;background:var(--panel);border-radius:6px;font-size:.8125rem;overflow-wrap:normal}
)" + stacked_rows(".wide", "84rem") +
         stacked_rows(".scroll", "60rem") +
         R"(@page{margin:12mm 14mm}
@media print{
body{font-size:8.5pt;line-height:1.3;max-width:none;padding:0}
.small{font-size:7.5pt}
h1{font-size:18pt;margin:0 0 6pt}
h2{font-size:14pt}
h3{font-size:10pt;margin:5pt 0 1pt}
p,ul{margin:1pt 0;max-width:none}
section{break-before:page;border:0;margin:0;padding:0}
.charts{display:block;columns:2;column-gap:10pt;margin:4pt 0}
figure{break-inside:avoid;border:0;margin-bottom:4pt}
figure svg{max-width:none!important;margin:0}
.scroll{overflow:visible;margin:3pt 0}
table{font-size:7pt;line-height:1.05}
.wide table{font-size:6pt}
th,td{padding:.2pt 3pt;white-space:normal}
.wide th,.wide td{padding:.2pt 1.5pt}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
th{background:none;border-bottom:1px solid var(--muted)}
td.name{min-width:3rem;max-width:9rem}
td.text{max-width:none}
td.n{white-space:nowrap}
tr{break-inside:avoid}
h2,h3,h3+p{break-after:avoid}
.group{break-inside:avoid}
.group ul{columns:2;column-gap:12pt;font-size:7pt;line-height:1.15}
li{break-inside:avoid}
pre{white-space:pre-wrap}
a{color:inherit}
.back{display:none}
}
)";
}

}  // namespace smoothbound
