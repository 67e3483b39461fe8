#include "plot_output.hpp"

#include <fmt/format.h>

#include <array>

#include "model_options.hpp"
#include "output.hpp"
#include "output_options.hpp"
#include "terminal.hpp"

namespace smoothbound::cli {
namespace {

constexpr auto formats = std::to_array<PlotFormat>({
    {"svg", ".svg",
     [](std::span<const Chart> charts, int /*columns*/, const Sink& sink) {
       write_svg(charts, sink);
     }},
    {"vega-lite", ".json",
     [](std::span<const Chart> charts, int /*columns*/, const Sink& sink) {
       write_vega_lite(charts, sink);
     }},
    {"bars", "-", write_bars},
});

}  // namespace

std::vector<std::string_view> plot_format_names() {
  std::vector<std::string_view> names;
  names.reserve(formats.size());
  for (const PlotFormat& format : formats) names.push_back(format.name);
  return names;
}

const PlotFormat& choose_plot_format(const CommandLine& line, const std::string& format,
                                     const std::vector<std::string>& spellings,
                                     const std::string& path) {
  static const std::string on_terminal = "-";
  if (!format.empty()) return formats[choose(line, "--format", format, plot_format_names())];
  const std::string& where = path.empty() && is_terminal_output() ? on_terminal : path;
  std::vector<std::string_view> written;
  for (const PlotFormat& each : formats) {
    if (where == each.ending || (each.ending != "-" && where.ends_with(each.ending))) return each;
    written.push_back(each.ending);
  }
  refuse_other_formats(line, spellings, path, written, "chart",
                       "name a file *.svg, or *.json for Vega-Lite");
  return formats.front();
}

void write_plot(std::span<const Chart> charts, const PlotFormat& format, const std::string& path) {
  const bool to_stdout = path.empty() || path == "-";
  Output output(to_stdout ? "" : path);
  constexpr std::size_t usual = 80;
  format.write(charts, static_cast<int>(to_stdout ? output_columns(usual) : usual),
               [&](std::string_view text) { output.write(text); });
  output.commit();
}

}  // namespace smoothbound::cli
