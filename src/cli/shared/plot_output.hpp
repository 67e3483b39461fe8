// Charts written to where the command line says, for every command that draws.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "smoothbound/report/charts/chart.hpp"

namespace smoothbound::cli {

/// A form of charts: a row of the table in plot_output.cpp.
struct PlotFormat {
  std::string_view name;    // of --format
  std::string_view ending;  // of its files; "-": of none, standard output
  /// `columns`: of the terminal.
  void (*write)(std::span<const Chart> charts, int columns, const Sink& sink);
};

/// Of all forms, for --format.
std::vector<std::string_view> plot_format_names();

/// The format named `format`; if that is empty, the one that `path` suggests by its ending, bars
/// where there is no path and standard output is a terminal, else the first, SVG. Throws SpecError,
/// also (at the option `spellings`) for a path that suggests a format which there is not, such as
/// *.png.
const PlotFormat& choose_plot_format(const CommandLine& line, const std::string& format,
                                     const std::vector<std::string>& spellings,
                                     const std::string& path);
/// Writes charts to `path`; empty or "-" is standard output. Throws OutputError.
void write_plot(std::span<const Chart> charts, const PlotFormat& format, const std::string& path);

}  // namespace smoothbound::cli
