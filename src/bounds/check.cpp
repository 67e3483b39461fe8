#include "smoothbound/bounds/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "align.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound {
namespace {

using Factor = Decimal;  // 1 + tolerance

Verdict judge(const std::string& before, const std::string& after, WorseIf worse_if,
              const Factor& factor) {
  if (before == after) return Verdict::equal;
  const Decimal old_value(before);
  const Decimal new_value(after);
  const bool larger = old_value * factor < new_value;
  const bool smaller = new_value * factor < old_value;
  if (!larger && !smaller) return Verdict::equal;
  return larger == (worse_if == WorseIf::larger) ? Verdict::worse : Verdict::better;
}

// One of the two may be null.
RowDiff compare_rows(const BaselineRow* before, const BaselineRow* after, const Factor& factor) {
  const BaselineRow* present = after != nullptr ? after : before;
  if (present == nullptr) return {};
  RowDiff diff{present->kind, present->name, {}, {}};
  const auto numbers = numbers_of(present->kind);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    NumberDiff number;
    number.symbol = numbers[i].symbol;
    if (numbers[i].worse_if == WorseIf::smaller) number.rounding = Rounding::down;
    if (before != nullptr) number.before = before->texts[i];
    if (after != nullptr) number.after = after->texts[i];
    if (before == nullptr || after == nullptr) {
      number.verdict = before == nullptr ? Verdict::appeared : Verdict::gone;
    } else if (numbers[i].worse_if == WorseIf::neighbour_is) {
      if (number.before != number.after) number.verdict = diff.numbers.back().verdict;
    } else {
      number.verdict = judge(number.before, number.after, numbers[i].worse_if, factor);
    }
    diff.numbers.push_back(std::move(number));
  }
  return diff;
}

MethodDiff compare_results(const BaselineResult& before, const BaselineResult& after,
                           const Factor& factor) {
  // Other rows stand for what no layer can be called.
  const auto names_of = [](const BaselineResult& result) {
    std::vector<std::string> names;
    for (const BaselineRow& row : result.rows) {
      names.push_back(fmt::format("{} {}", key_of(row.kind), row.name));
    }
    return names;
  };
  const std::vector<std::string> old_names = names_of(before);
  const std::vector<std::string> new_names = names_of(after);
  MethodDiff diff{after.method, {}};
  for (const Aligned& place :
       align(std::vector<std::string_view>(old_names.begin(), old_names.end()),
             std::vector<std::string_view>(new_names.begin(), new_names.end()))) {
    const BaselineRow* old_row = place.before ? &before.rows[*place.before] : nullptr;
    const BaselineRow* new_row = place.after ? &after.rows[*place.after] : nullptr;
    diff.rows.push_back(compare_rows(old_row, new_row, factor));
    if (new_row != nullptr && new_row->kind == RowKind::layer) diff.rows.back().layer = place.after;
  }
  return diff;
}

// Of layers that come and go the network tells whether that is worse; but an objective that is gone
// is one that nobody guards any more.
bool is_worse(const RowDiff& row) {
  return std::ranges::any_of(row.numbers, [&](const NumberDiff& number) {
    return number.verdict == Verdict::worse ||
           (number.verdict == Verdict::gone && row.kind != RowKind::layer);
  });
}

bool is_better(const RowDiff& row) {
  return std::ranges::any_of(
      row.numbers, [](const NumberDiff& number) { return number.verdict == Verdict::better; });
}

template <class Predicate>
bool any_row(const ArchitectureDiff& diff, Predicate&& predicate) {
  return std::ranges::any_of(diff.methods, [&](const MethodDiff& method) {
    return std::ranges::any_of(method.rows, predicate);
  });
}

Status status_of(const ArchitectureDiff& diff) {
  if (any_row(diff, is_worse)) return Status::regressed;
  if (any_row(diff, is_better)) return Status::improved;
  return diff.first ? Status::changed : Status::unchanged;
}

std::string changed_settings(const NamedTexts& before, const NamedTexts& after) {
  const auto value_of = [](const NamedTexts& texts, const std::string& name) {
    const auto found = std::ranges::find(texts, name, &NamedTexts::value_type::first);
    return found == texts.end() ? std::string("none") : found->second;
  };
  NamedTexts all = before;
  for (const auto& entry : after) {
    if (value_of(before, entry.first) == "none") all.push_back(entry);
  }
  std::string result;
  for (const auto& [name, value] : all) {
    const std::string then = value_of(before, name);
    const std::string now = value_of(after, name);
    if (then == now) continue;
    result += fmt::format("{}{} {} -> {}", result.empty() ? "" : ", ", name, then, now);
  }
  return result;
}

std::vector<std::string> causes_of(const BaselineEntry& before, const BaselineEntry& after,
                                   std::string_view baseline_version) {
  std::vector<std::string> causes;
  const std::string settings = changed_settings(before.settings, after.settings);
  if (before.meaning.structure != after.meaning.structure) {
    causes.emplace_back("the file changed: its layers");
  }
  if (!settings.empty()) causes.push_back("the file changed: " + settings);
  if (causes.empty() && before.meaning.all != after.meaning.all) {
    causes.emplace_back("the file changed: a setting that the command line overrides");
  }
  if (causes.empty()) {
    causes.push_back(fmt::format(
        "neither the file nor the settings changed: the statistics that --weights gives did, or "
        "the formulas, without a version of their own (baseline by smoothbound {}, this is {})",
        baseline_version, version));
  } else {
    causes.push_back(fmt::format(
        "the settings of the command line and the formulas (version {}) are those of the baseline",
        formulas_version));
  }
  return causes;
}

// Layers that are gone at one place and new at another.
std::string moved_layers(const MethodDiff& diff) {
  const auto is = [](const RowDiff& row, Verdict verdict) {
    return row.kind == RowKind::layer && row.numbers.front().verdict == verdict;
  };
  std::set<std::string_view> gone;
  for (const RowDiff& row : diff.rows) {
    if (is(row, Verdict::gone)) gone.insert(row.name);
  }
  constexpr std::size_t most = 5;
  std::size_t count = 0;
  std::string names;
  for (const RowDiff& row : diff.rows) {
    if (!is(row, Verdict::appeared) || !gone.contains(row.name)) continue;
    if (++count <= most) names += fmt::format("{}{}", count > 1 ? ", " : "", describe(row));
  }
  if (count > most) names += fmt::format(" and {} more", count - most);
  return names;
}

// Where the layer stands, or the one before which a removed layer stood.
Location place_of(const ArchitectureDiff& diff, const std::vector<Location>& locations) {
  const auto& rows = diff.methods.front().rows;
  for (std::size_t i = *diff.first; i < rows.size(); ++i) {
    if (rows[i].layer) return locations[*rows[i].layer];
  }
  return locations.back();
}

}  // namespace

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

bool RowDiff::changed() const {
  return std::ranges::any_of(
      numbers, [](const NumberDiff& number) { return number.verdict != Verdict::equal; });
}

std::string_view name_of(Status status) {
  constexpr std::array<std::string_view, 7> names{"unchanged", "improved", "changed", "WORSE",
                                                  "new",       "removed",  "ERROR"};
  return names[static_cast<std::size_t>(status)];
}

const RowDiff& ArchitectureDiff::first_row() const {
  for (const MethodDiff& method : methods) {
    if (method.rows[*first].changed()) return method.rows[*first];
  }
  return methods.front().rows[*first];
}

bool ArchitectureDiff::is_compared() const {
  return status != Status::added && status != Status::removed && status != Status::unreadable;
}

bool CheckResult::fails(const ArchitectureDiff& diff) const {
  switch (diff.status) {
    case Status::unchanged:
      return exact && !diff.renamed_from.empty();
    case Status::regressed:
    case Status::unreadable:
      return true;
    default:
      return exact;
  }
}

std::size_t CheckResult::count(Status status) const {
  return static_cast<std::size_t>(
      std::ranges::count(architectures, status, &ArchitectureDiff::status));
}

ArchitectureDiff compare_entries(const BaselineEntry& before, const BaselineEntry& after,
                                 const Decimal& tolerance, const std::vector<Location>& locations,
                                 std::string_view baseline_version) {
  ArchitectureDiff diff;
  diff.file = after.file;
  diff.name = after.name;
  const Factor factor = tolerance.plus_one();
  for (const BaselineResult& result : after.results) {
    const auto old_result =
        std::ranges::find(before.results, result.method, &BaselineResult::method);
    const BaselineResult none;
    diff.methods.push_back(
        compare_results(old_result == before.results.end() ? none : *old_result, result, factor));
    const auto& rows = diff.methods.back().rows;
    const auto first = std::ranges::find_if(rows, &RowDiff::changed);
    if (first == rows.end()) continue;
    const auto index = static_cast<std::size_t>(first - rows.begin());
    diff.first = std::min(diff.first.value_or(index), index);
  }
  diff.status = status_of(diff);
  if (diff.first) {
    diff.location = place_of(diff, locations);
    diff.causes = causes_of(before, after, baseline_version);
    const std::string moved = moved_layers(diff.methods.front());
    if (!moved.empty()) diff.causes.push_back("moved to another place: " + moved);
  } else if (before.meaning.all != after.meaning.all) {
    diff.causes.emplace_back("the file changed, but no bound by more than the tolerance");
  }
  return diff;
}

}  // namespace smoothbound
