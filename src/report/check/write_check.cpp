// What `check` tells people: as text, and as Markdown for a job's summary.

#include <fmt/format.h>

#include <array>

#include "shared/grid.hpp"
#include "shared/text.hpp"
#include "smoothbound/report/check/check.hpp"

namespace smoothbound {
namespace {

std::string ratio(const NumberDiff& number) {
  if (number.before.empty() || number.after.empty()) return "-";
  return ratio_text(number.before, number.after);
}

std::string verdict(const NumberDiff& number) {
  constexpr std::array<std::string_view, 5> words{"", "better", "WORSE", "gone", "new"};
  return std::string(words[static_cast<std::size_t>(number.verdict)]);
}

// `most`: rows of a table at most.
Grid table_of(const MethodDiff& method, std::size_t first, std::size_t most,
              std::size_t& left_out) {
  using Align = Grid::Align;
  Grid grid({{"layer"},
             {"number"},
             {"old", Align::right},
             {"new", Align::right},
             {"new/old", Align::right},
             {""}});
  std::size_t rows = 0;
  left_out = 0;
  for (std::size_t i = first; i < method.rows.size(); ++i) {
    const RowDiff& row = method.rows[i];
    for (const NumberDiff& number : row.numbers) {
      if (rows++ >= most) {
        ++left_out;
        continue;
      }
      const auto [before, after] = people_texts(number);
      grid.add_row({row.kind == RowKind::layer ? row.name : describe(row), number.symbol, before,
                    after, ratio(number), verdict(number)});
    }
  }
  return grid;
}

std::string plural(std::size_t count, std::string_view what) {
  return fmt::format("{} {}", count, what);
}

std::string summary_of(const CheckResult& result) {
  std::string line = fmt::format("{} architecture{}", result.architectures.size(),
                                 result.architectures.size() == 1 ? "" : "s");
  char separator = ':';
  for (const auto& [status, word] :
       {std::pair{Status::unreadable, "with errors"}, std::pair{Status::regressed, "worse"},
        std::pair{Status::improved, "improved"}, std::pair{Status::changed, "changed"},
        std::pair{Status::unchanged, "unchanged"}, std::pair{Status::added, "new"},
        std::pair{Status::removed, "removed"}}) {
    const std::size_t count = result.count(status);
    if (count == 0) continue;
    line += fmt::format("{} {}", separator, plural(count, word));
    separator = ',';
  }
  return line;
}

// What an architecture's line says behind its name.
std::string note_of(const ArchitectureDiff& diff, RemedyWords words) {
  switch (diff.status) {
    case Status::added:
      return with_remedy("not in the baseline", Remedy::add_to_baseline, words);
    case Status::removed:
      return with_remedy("in the baseline, not among the files", Remedy::remove_from_baseline,
                         words);
    case Status::unreadable:
      return diff.message;
    case Status::unchanged:
      return diff.causes.empty() ? "" : diff.causes.front();
    default:
      return "";
  }
}

}  // namespace

std::pair<std::string, std::string> people_texts(const NumberDiff& number) {
  const auto few = [&](const std::string& text) {
    return text.empty() ? "-" : shorten(text, text::digits_for_people, number.rounding);
  };
  std::pair texts{few(number.before), few(number.after)};
  if (number.before == number.after || texts.first != texts.second) return texts;
  return {number.before, number.after};
}

std::string describe(const RowDiff& row) {
  switch (row.kind) {
    case RowKind::layer:
      return fmt::format("layer '{}'", escape_controls(row.name));
    case RowKind::gradient_descent:
      return "gradient descent";
    case RowKind::stochastic_gradient_descent:
      return "stochastic gradient descent";
    default:
      return std::string(key_of(row.kind));
  }
}

std::string headline(const ArchitectureDiff& diff) {
  const RowDiff& row = diff.first_row();
  const bool is_layer = row.kind == RowKind::layer;
  std::string text =
      is_layer ? fmt::format("the first layer that changed is '{}'", escape_controls(row.name))
               : "no layer changed; the first that did is: " + describe(row);
  if (row.numbers.front().verdict == Verdict::gone) text += ", which is gone";
  if (row.numbers.front().verdict == Verdict::appeared) text += ", which is new";
  return text;
}

void write_check(const CheckResult& result, const Sink& sink) {
  for (const ArchitectureDiff& diff : result.architectures) {
    const std::string note = note_of(diff, result.words);
    const std::string title = fmt::format("{:<9}  {}", name_of(diff.status), diff.file);
    sink(escape_controls(note.empty() ? title : fmt::format("{}: {}", title, note)) + "\n");
    if (!diff.first) continue;
    sink(escape_controls(fmt::format("  {} ({}:{}:{})", headline(diff), diff.file,
                                     diff.location.line, diff.location.column)) +
         "\n");
    for (const std::string& cause : diff.causes) sink(escape_controls("  " + cause) + "\n");
    for (const MethodDiff& method : diff.methods) {
      std::size_t left_out = 0;
      sink(fmt::format("\n  method {}\n", name_of(method.method)));
      table_of(method, *diff.first, static_cast<std::size_t>(-1), left_out).write_text("  ", sink);
    }
    sink("\n");
  }
  sink(summary_of(result) + "\n");
}

void write_check_markdown(const CheckResult& result, const Sink& sink) {
  const auto foreign = [](std::string_view text) { return escape_markdown(escape_controls(text)); };
  sink(fmt::format("## smoothbound check\n\n{}\n\n", summary_of(result)));
  Grid summary({{"architecture"}, {"verdict"}, {""}});
  for (const ArchitectureDiff& diff : result.architectures) {
    const std::string note = diff.first ? headline(diff) : note_of(diff, result.words);
    summary.add_row({diff.file, name_of(diff.status), note});
  }
  summary.write_markdown(sink);
  // GitHub refuses a summary of more than 1 MiB.
  constexpr std::size_t most = 200;
  for (const ArchitectureDiff& diff : result.architectures) {
    if (!diff.first) continue;
    sink(fmt::format("\n### {} {}\n\n", foreign(diff.file), name_of(diff.status)));
    for (const std::string& cause : diff.causes) sink("- " + foreign(cause) + "\n");
    for (const MethodDiff& method : diff.methods) {
      std::size_t left_out = 0;
      sink(fmt::format("\nMethod {}\n\n", name_of(method.method)));
      table_of(method, *diff.first, most, left_out).write_markdown(sink);
      if (left_out > 0) sink(fmt::format("\n{} more numbers\n", left_out));
    }
  }
  sink("\n");
}

}  // namespace smoothbound
