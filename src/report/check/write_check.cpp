// What `check` tells people: as text, and as Markdown, for a job's summary.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check/wording.hpp"
#include "shared/words.hpp"

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

// Writes at most `most` rows and returns how many there are besides.
std::size_t write_table(const MethodDiff& method, std::size_t first, std::size_t most, Page& page) {
  Grid grid({{"layer", Align::left, Fit::key},
             {"number", Align::left, Fit::key},
             {"old", Align::right},
             {"new", Align::right},
             {"new/old", Align::right},
             {""}});
  std::size_t rows = 0;
  for (std::size_t i = first; i < method.rows.size(); ++i) {
    const RowDiff& row = method.rows[i];
    for (const NumberDiff& number : row.numbers) {
      if (rows++ >= most) continue;
      const auto [before, after] = people_texts(number);
      grid.add_row({row.kind == RowKind::layer ? row.name : describe(row), number.symbol, before,
                    after, ratio(number), verdict(number)});
    }
  }
  page.grid(grid, false);
  return rows - std::min(rows, most);
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
  const auto renamed = std::ranges::count_if(
      result.architectures, [](const auto& diff) { return !diff.renamed_from.empty(); });
  if (renamed > 0) line += fmt::format(" ({} renamed)", renamed);
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
      if (diff.renamed_from.empty()) return diff.causes.empty() ? "" : diff.causes.front();
      return renaming(diff) + (diff.causes.empty() ? "" : "; " + diff.causes.front());
    default:
      return diff.renamed_from.empty() ? "" : renaming(diff);
  }
}

}  // namespace

std::pair<std::string, std::string> people_texts(const NumberDiff& number) {
  const auto few = [&](const std::string& text) {
    return text.empty() ? "-" : shorten(text, words::digits_for_people, number.rounding);
  };
  std::pair texts{few(number.before), few(number.after)};
  if (number.before == number.after || texts.first != texts.second) return texts;
  return {number.before, number.after};
}

std::string renaming(const ArchitectureDiff& diff) {
  return fmt::format("renamed, '{}' in the baseline", escape_controls(diff.renamed_from));
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

namespace {

void write_text(const CheckResult& result, Page& page) {
  for (const ArchitectureDiff& diff : result.architectures) {
    const std::string note = note_of(diff, result.words);
    const std::string title = fmt::format("{:<9}  {}", name_of(diff.status), diff.file);
    page.title(page.foreign(note.empty() ? title : fmt::format("{}: {}", title, note)));
    if (!diff.first) continue;
    page.entry(0, page.foreign(fmt::format("{} ({}:{}:{})", headline(diff), diff.file,
                                           diff.location.line, diff.location.column)));
    for (const std::string& cause : diff.causes) page.entry(0, page.foreign(cause));
    for (const MethodDiff& method : diff.methods) {
      page.gap();
      page.entry(0, fmt::format("method {}", name_of(method.method)));
      write_table(method, *diff.first, static_cast<std::size_t>(-1), page);
    }
    page.gap();
  }
  page.paragraph(summary_of(result));
}

void write_markdown(const CheckResult& result, Page& page) {
  page.title("smoothbound check");
  page.paragraph(summary_of(result));
  page.gap();
  Grid summary(
      {{"architecture", Align::left, Fit::key}, {"verdict"}, {"", Align::left, Fit::wrap}});
  for (const ArchitectureDiff& diff : result.architectures) {
    summary.add_row({diff.file, name_of(diff.status),
                     diff.first ? headline(diff) : note_of(diff, result.words)});
  }
  page.grid(summary, false);
  // GitHub refuses a summary of more than 1 MiB.
  constexpr std::size_t most = 200;
  for (const ArchitectureDiff& diff : result.architectures) {
    if (!diff.first) continue;
    page.heading(fmt::format("{} {}", page.foreign(diff.file), name_of(diff.status)));
    if (!diff.renamed_from.empty()) page.item(page.foreign(renaming(diff)));
    for (const std::string& cause : diff.causes) page.item(page.foreign(cause));
    for (const MethodDiff& method : diff.methods) {
      page.paragraph(fmt::format("\nMethod {}\n", name_of(method.method)));
      const std::size_t left_out = write_table(method, *diff.first, most, page);
      if (left_out > 0) page.paragraph(fmt::format("\n{} more numbers", left_out));
    }
  }
  page.gap();
}

void write_page(const CheckResult& result, Page& page) {
  page.is_marked_up() ? write_markdown(result, page) : write_text(result, page);
}

}  // namespace

void write(const CheckResult& result, Format format, const Sink& sink) {
  constexpr Forms<CheckResult> forms{write_page, write_check_csv, write_check_json};
  forms.write(result, format, sink);
}

}  // namespace smoothbound
