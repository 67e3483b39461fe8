// One HTML page about several networks.
#pragma once

#include <span>
#include <string>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// A file that gave no report, and what the program said about it.
struct FailedFile {
  std::string file;
  std::string message;
};

/// A page that needs neither network nor script, and is well-formed XML as well: a summary table,
/// and for each network its charts, layers, objective, infinite values and assumptions.
void write_html_report(std::span<const Report> reports, std::span<const FailedFile> failures,
                       const Sink& sink);
/// The page's style sheet but for that of its charts.
std::string html_style();

}  // namespace smoothbound
