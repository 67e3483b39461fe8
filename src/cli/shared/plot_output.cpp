#include "plot_output.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <filesystem>

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

}  // namespace

PlotFormat choose_plot_format(const CommandLine& line, const std::string& format,
                              const std::vector<std::string>& spellings, const std::string& path) {
  if (!format.empty()) {
    return static_cast<PlotFormat>(choose(line, "--format", format, plot_format_names));
  }
  if (path == "-") return PlotFormat::bars;
  refuse_other_formats(line, spellings, path, {".svg", ".json"}, "chart",
                       "name a file *.svg, or *.json for Vega-Lite");
  return path.ends_with(".json") ? PlotFormat::vega_lite : PlotFormat::svg;
}

void write_plot(std::span<const Chart> charts, PlotFormat format, const std::string& path) {
  const bool to_stdout = path.empty() || path == "-";
  Output output(to_stdout ? "" : path);
  const Sink sink = [&](std::string_view text) { output.write(text); };
  switch (format) {
    case PlotFormat::svg:
      write_svg(charts, sink);
      break;
    case PlotFormat::vega_lite:
      write_vega_lite(charts, sink);
      break;
    case PlotFormat::bars:
      write_bars(charts, to_stdout ? columns() : 80, sink);
      break;
  }
  output.commit();
}

}  // namespace smoothbound::cli
