// What `check` tells machines: JUnit XML and GitHub's workflow commands.

#include <fmt/format.h>

#include <algorithm>

#include "check/wording.hpp"
#include "shared/xml.hpp"

namespace smoothbound {
namespace {

// Of all lines of a text.
std::string escape_lines(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    result += xml::escape(text.substr(0, end));
    if (end == std::string_view::npos) break;
    result += '\n';
    text.remove_prefix(end + 1);
  }
  return result;
}

std::string message_of(const ArchitectureDiff& diff) {
  switch (diff.status) {
    case Status::unreadable:
      return escape_controls(diff.message);
    case Status::added:
      return "not in the baseline";
    case Status::removed:
      return "in the baseline, not among the files";
    case Status::unchanged:
      return diff.renamed_from.empty() ? "unchanged" : renaming(diff);
    default:
      return headline(diff);
  }
}

// The text form of one architecture alone.
std::string details_of(const CheckResult& result, const ArchitectureDiff& diff) {
  std::string text;
  write({{diff}, result.exact}, Format::table, [&](std::string_view piece) { text += piece; });
  return text;
}

// Of a message; a property escapes ',' and ':' too.
std::string escape_command(std::string_view text, bool property) {
  std::string result;
  for (const char c : text) {
    const bool escaped = c == '%' || c == '\r' || c == '\n' || (property && (c == ',' || c == ':'));
    result += escaped ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return result;
}

// The worst number of the row: the one that says why.
std::string worst_of(const MethodDiff& method, std::size_t row) {
  for (const Verdict wanted : {Verdict::worse, Verdict::better}) {
    for (const NumberDiff& number : method.rows[row].numbers) {
      if (number.verdict != wanted) continue;
      const auto [before, after] = people_texts(number);
      return fmt::format("\n{}: {} of {} was {}, is {} (ratio {})", name_of(method.method),
                         number.symbol, describe(method.rows[row]), before, after,
                         ratio_text(number.before, number.after));
    }
  }
  return "";
}

}  // namespace

void write_junit(const CheckResult& result, const Sink& sink) {
  const bool exact = result.exact;
  std::size_t failures = 0;
  for (const ArchitectureDiff& diff : result.architectures) {
    if (diff.status != Status::unreadable && result.fails(diff)) ++failures;
  }
  const std::size_t skipped =
      exact ? 0 : result.count(Status::added) + result.count(Status::removed);
  const std::string counts =
      fmt::format(R"(tests="{}" failures="{}" errors="{}")", result.architectures.size(), failures,
                  result.count(Status::unreadable));
  sink("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  sink(fmt::format("<testsuites {} time=\"0\">\n", counts));
  sink(fmt::format("  <testsuite name=\"smoothbound check\" {} skipped=\"{}\" time=\"0\">\n",
                   counts, skipped));
  for (const ArchitectureDiff& diff : result.architectures) {
    sink(fmt::format(R"(    <testcase name="{}" classname="smoothbound.check" file="{}" time="0")",
                     xml::escape(diff.file), xml::escape(diff.file)));
    const std::string message = xml::escape(message_of(diff));
    const std::string details = escape_lines(details_of(result, diff));
    if (diff.status == Status::unreadable) {
      sink(fmt::format(">\n      <error message=\"{}\" type=\"bad_input\">{}</error>\n", message,
                       details));
    } else if (result.fails(diff)) {
      sink(fmt::format(">\n      <failure message=\"{}\" type=\"{}\">{}</failure>\n", message,
                       diff.status == Status::regressed ? "regression" : "change", details));
    } else if (diff.status == Status::added || diff.status == Status::removed) {
      sink(fmt::format(">\n      <skipped message=\"{}\"/>\n", message));
    } else if (diff.status != Status::unchanged || !diff.renamed_from.empty()) {
      sink(fmt::format(">\n      <system-out>{}</system-out>\n", details));
    } else {
      sink("/>\n");
      continue;
    }
    sink("    </testcase>\n");
  }
  sink("  </testsuite>\n</testsuites>\n");
}

void write_annotations(const CheckResult& result, const Sink& sink) {
  for (const ArchitectureDiff& diff : result.architectures) {
    const bool is_renamed = !diff.renamed_from.empty();
    if (diff.status == Status::unchanged && !is_renamed) continue;
    std::string message = message_of(diff);
    if (is_renamed && diff.first) message.append(1, '\n').append(renaming(diff));
    for (const std::string& cause : diff.causes) message.append(1, '\n').append(cause);
    if (diff.first) {
      for (const MethodDiff& method : diff.methods) {
        message += worst_of(method, *diff.first);
        const auto network = std::ranges::find(method.rows, RowKind::network, &RowDiff::kind);
        const auto index = static_cast<std::size_t>(network - method.rows.begin());
        if (index != *diff.first) message += worst_of(method, index);
      }
    }
    const std::string title = fmt::format("smoothbound check: {}", name_of(diff.status));
    sink(fmt::format(
        "::{} file={},line={},col={},title={}::{}\n", result.fails(diff) ? "error" : "notice",
        escape_command(diff.repository_file.empty() ? diff.file : diff.repository_file, true),
        diff.location.line, diff.location.column, escape_command(title, true),
        escape_command(message, false)));
  }
}

}  // namespace smoothbound
