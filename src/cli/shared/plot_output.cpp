#include "plot_output.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

#include "model_options.hpp"
#include "output.hpp"
#include "output_options.hpp"

namespace smoothbound::cli {
namespace {

// Of the terminal; 80 where there is none.
int columns() {
  constexpr int usual = 80;
  winsize size{};
  if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return usual;
  return size.ws_col > 0 ? size.ws_col : usual;
}

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
  if (!format.empty()) return formats[choose(line, "--format", format, plot_format_names())];
  std::vector<std::string_view> written;
  for (const PlotFormat& each : formats) {
    if (path == each.ending || (each.ending != "-" && path.ends_with(each.ending))) return each;
    written.push_back(each.ending);
  }
  refuse_other_formats(line, spellings, path, written, "chart",
                       "name a file *.svg, or *.json for Vega-Lite");
  return formats.front();
}

void write_plot(std::span<const Chart> charts, const PlotFormat& format, const std::string& path) {
  const bool to_stdout = path.empty() || path == "-";
  Output output(to_stdout ? "" : path);
  format.write(charts, to_stdout ? columns() : 80,
               [&](std::string_view text) { output.write(text); });
  output.commit();
}

}  // namespace smoothbound::cli
