// Charts written to where the command line says, for every command that draws.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "smoothbound/report/charts/chart.hpp"

namespace smoothbound::cli {

enum class PlotFormat : std::uint8_t { svg, vega_lite, bars };
/// In the order of PlotFormat.
constexpr std::array<std::string_view, 3> plot_format_names{"svg", "vega-lite", "bars"};

/// The format named `format` ("svg", "vega-lite", "bars"); if that is empty, the one that `path`
/// suggests: "-" for bars, *.json for Vega-Lite, else SVG. Throws SpecError, also (at the option
/// `spellings`) for a path that suggests a format which there is not, such as *.png.
PlotFormat choose_plot_format(const CommandLine& line, const std::string& format,
                              const std::vector<std::string>& spellings, const std::string& path);
/// Writes charts to `path`; empty or "-" is standard output. Throws OutputError.
void write_plot(std::span<const Chart> charts, PlotFormat format, const std::string& path);

}  // namespace smoothbound::cli
