// What `check` tells programs: CSV and JSON.

#include <array>

#include "check/wording.hpp"

namespace smoothbound {
namespace {

std::string_view key_of(Status status) {
  constexpr std::array<std::string_view, 7> keys{"unchanged", "improved", "changed", "worse",
                                                 "new",       "removed",  "error"};
  return keys[static_cast<std::size_t>(status)];
}

std::string_view key_of(Verdict verdict) {
  constexpr std::array<std::string_view, 5> keys{"equal", "better", "worse", "gone", "new"};
  return keys[static_cast<std::size_t>(verdict)];
}

struct Place {
  const RowDiff& row;
  std::string_view key;
  const NumberDiff& number;
};

// The numbers from the first row that changed on.
std::vector<Place> numbers_of(const ArchitectureDiff& diff, const MethodDiff& method) {
  std::vector<Place> places;
  for (std::size_t i = *diff.first; i < method.rows.size(); ++i) {
    const RowDiff& row = method.rows[i];
    for (std::size_t j = 0; j < row.numbers.size(); ++j) {
      places.push_back({row, smoothbound::numbers_of(row.kind)[j].key, row.numbers[j]});
    }
  }
  return places;
}

std::optional<std::string_view> text_if_any(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

void put_number(JsonWriter& json, const Place& at) {
  json.object([&] {
    json.member("record", key_of(at.row.kind));
    if (at.row.kind == RowKind::layer) json.member("name", at.row.name);
    json.member("number", at.key);
    json.member("old", text_if_any(at.number.before));
    json.member("new", text_if_any(at.number.after));
    json.member("verdict", key_of(at.number.verdict));
  });
}

void put_architecture(JsonWriter& json, const CheckResult& result, const ArchitectureDiff& diff) {
  json.object_on_lines(3, [&] {
    json.member("file", diff.file);
    json.member("name", diff.name);
    json.member("status", key_of(diff.status));
    json.member("fails", result.fails(diff));
    if (!diff.renamed_from.empty()) json.member("renamed_from", diff.renamed_from);
    if (diff.first || diff.status == Status::unreadable) {
      json.member("line", diff.location.line);
      json.member("column", diff.location.column);
    }
    if (diff.status == Status::unreadable) json.member("message", diff.message);
    json.member("causes", diff.causes);
    if (!diff.first) return;
    json.list_on_lines(4, "methods", diff.methods, [&](const MethodDiff& method) {
      json.object_on_lines(5, [&] {
        json.member("method", name_of(method.method));
        json.list_on_lines(6, "numbers", numbers_of(diff, method),
                           [&](const Place& at) { put_number(json, at); });
      });
    });
  });
}

}  // namespace

void write_check_csv(const CheckResult& result, const Sink& sink) {
  CsvWriter csv(sink, {"file", "architecture", "status", "fails", "method", "record", "name",
                       "number", "old", "new", "verdict", "note"});
  for (const ArchitectureDiff& diff : result.architectures) {
    const auto begin = [&](std::string_view method, std::string_view record,
                           std::string_view name) -> CsvWriter& {
      return csv.add(diff.file, diff.name, key_of(diff.status),
                     result.fails(diff) ? "true" : "false", method, record, name);
    };
    begin("", "architecture", "").skip_to("note").add(diff.message).end_row();
    if (!diff.renamed_from.empty()) {
      begin("", "renamed_from", diff.renamed_from).end_row();
    }
    for (const std::string& cause : diff.causes) {
      begin("", "cause", "").skip_to("note").add(cause).end_row();
    }
    if (!diff.first) continue;
    for (const MethodDiff& method : diff.methods) {
      for (const Place& at : numbers_of(diff, method)) {
        begin(name_of(method.method), key_of(at.row.kind), at.row.name);
        csv.add(at.key, at.number.before, at.number.after, key_of(at.number.verdict)).end_row();
      }
    }
  }
}

void write_check_json(const CheckResult& result, JsonWriter& json) {
  json::head(json, "smoothbound/check/1");
  json.member("exact", result.exact);
  json.list_on_lines(2, "architectures", result.architectures,
                     [&](const ArchitectureDiff& diff) { put_architecture(json, result, diff); });
}

}  // namespace smoothbound
