#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "smoothbound/bounds/baseline.hpp"
#include "smoothbound/bounds/decimal.hpp"
#include "smoothbound/text/fields.hpp"

namespace smoothbound {
namespace {

std::string text_of(text::Value value, std::string_view what) {
  return std::string(text::parse_text(text::scalar_of(value, what)));
}

class BaselineReader {
 public:
  explicit BaselineReader(const std::string& renewal) : renewal_(renewal) {}

  Baseline read(text::Value root) {
    text::Fields fields(root, "the baseline", renewal_);
    const text::Value schema = fields.require("schema", "this is no baseline; " + renewal_);
    Baseline baseline;
    baseline.is_first = schema.is_scalar() && schema.text() == Baseline::first_schema;
    if (!baseline.is_first && (!schema.is_scalar() || schema.text() != Baseline::schema)) {
      throw SpecError(schema.location(),
                      fmt::format("the schema is not {}: this is no baseline, or one of another "
                                  "version of the program",
                                  Baseline::schema),
                      renewal_);
    }
    baseline.version = text_of(fields.require("version", renewal_), "version");
    const text::Value formulas = fields.require("formulas", renewal_);
    baseline.formulas = text::parse_count(text::scalar_of(formulas, "formulas"));
    if (baseline.formulas != formulas_version) {
      throw SpecError(formulas.location(),
                      fmt::format("the baseline was computed by formulas {}, this program has "
                                  "formulas {}: their bounds cannot be compared",
                                  baseline.formulas, formulas_version),
                      renewal_);
    }
    baseline.options = read_texts(fields.require("options", renewal_), "options");
    const text::Value list = fields.require("architectures", renewal_);
    for_each(list, "architectures",
             [&](text::Value entry) { baseline.architectures.push_back(read_entry(entry)); });
    refuse_repetition(baseline, list);
    const text::Value checksum = fields.require("checksum", renewal_);
    fields.finish();
    require_checksum(checksum, checksum_of(baseline), "the baseline");
    return baseline;
  }

 private:
  template <class Function>
  void for_each(text::Value list, std::string_view what, Function&& function) const {
    if (!list.is_sequence()) {
      throw SpecError(list.location(),
                      fmt::format("{} must be a list, not {}", what, text::kind_name(list)),
                      renewal_);
    }
    for (auto item = list.first_child(); item; item = item->next_sibling()) function(*item);
  }

  static NamedTexts read_texts(text::Value mapping, std::string_view what) {
    NamedTexts texts;
    text::Fields fields(mapping, what);
    for (const auto& [key, value] : fields.unused()) {
      texts.emplace_back(key.text(), text_of(value, key.text()));
    }
    return texts;
  }

  [[nodiscard]] std::string read_number(text::Value value, std::string_view what) const {
    std::string text =
        text::scalar_of(value, what).quoted ? std::string(value.text()) : std::string();
    try {
      const Decimal checked(text);
    } catch (const std::invalid_argument&) {
      throw SpecError(
          value.location(),
          fmt::format(R"({} must be a number as text, such as "1.5e+25", or "inf")", what),
          renewal_);
    }
    return text;
  }

  [[nodiscard]] BaselineRow read_row(text::Value value, RowKind kind) const {
    BaselineRow row;
    row.kind = kind;
    text::Fields fields(value, key_of(kind), renewal_);
    if (kind == RowKind::layer) row.name = text_of(fields.require("name", renewal_), "name");
    for (const GuardedNumber& number : numbers_of(kind)) {
      row.texts.push_back(read_number(fields.require(number.key, renewal_), number.key));
    }
    fields.finish();
    return row;
  }

  [[nodiscard]] BaselineResult read_result(text::Value value) const {
    BaselineResult result;
    text::Fields fields(value, "a result", renewal_);
    constexpr std::array methods{name_of(Method::paper), name_of(Method::sharp)};
    result.method = static_cast<Method>(
        text::parse_choice(text::scalar_of(fields.require("method", renewal_), "method"), methods));
    for_each(fields.require("layers", renewal_), "layers",
             [&](text::Value layer) { result.rows.push_back(read_row(layer, RowKind::layer)); });
    result.rows.push_back(read_row(fields.require("network", renewal_), RowKind::network));
    for (const RowKind kind :
         {RowKind::objective, RowKind::gradient_descent, RowKind::stochastic_gradient_descent}) {
      if (const auto row = fields.find(key_of(kind))) result.rows.push_back(read_row(*row, kind));
    }
    fields.finish();
    return result;
  }

  [[nodiscard]] BaselineEntry read_entry(text::Value value) const {
    BaselineEntry entry;
    text::Fields fields(value, "an architecture", renewal_);
    entry.file = text_of(fields.require("file", renewal_), "file");
    entry.name = text_of(fields.require("name", renewal_), "name");
    entry.meaning.all = text_of(fields.require("meaning", renewal_), "meaning");
    entry.meaning.structure = text_of(fields.require("structure", renewal_), "structure");
    // Baselines of the first schema have none.
    if (const auto form = fields.find("form")) entry.meaning.form = text_of(*form, "form");
    entry.settings = read_texts(fields.require("settings", renewal_), "settings");
    for_each(fields.require("results", renewal_), "results",
             [&](text::Value result) { entry.results.push_back(read_result(result)); });
    const text::Value checksum = fields.require("checksum", renewal_);
    fields.finish();
    require_checksum(checksum, checksum_of(entry), fmt::format("the entry of '{}'", entry.file));
    return entry;
  }

  void require_checksum(text::Value value, const std::string& expected,
                        const std::string& what) const {
    if (value.is_scalar() && value.text() == expected) return;
    throw SpecError(
        value.location(),
        fmt::format("{} does not fit its checksum: it was edited by hand, or damaged", what),
        renewal_);
  }

  void refuse_repetition(const Baseline& baseline, text::Value list) const {
    std::vector<std::string_view> files;
    for (const BaselineEntry& entry : baseline.architectures) files.push_back(entry.file);
    std::ranges::sort(files);
    const auto twice = std::ranges::adjacent_find(files);
    if (twice == files.end()) return;
    throw SpecError(list.location(), fmt::format("'{}' is listed twice", *twice), renewal_);
  }

  const std::string& renewal_;
};

std::string shown(const NamedTexts& texts) {
  std::string result;
  for (const auto& [name, value] : texts) {
    result += fmt::format("{}{} {}", result.empty() ? "" : ", ", name, value);
  }
  return result;
}

void parse_into(std::string_view text, text::Document& document) {
  if (const std::size_t bad = find_invalid_text(text); bad != std::string_view::npos) {
    throw SpecError(locate(text, bad), "a baseline is UTF-8 text without NUL bytes",
                    "write it with smoothbound check --update");
  }
  text::parse_json(text, document);
}

}  // namespace

Baseline read_baseline(std::string_view text, const std::string& renewal) {
  text::Document document;
  try {
    parse_into(text, document);
    return BaselineReader(renewal).read(document.root());
  } catch (const SpecError& error) {
    // How a value should be is of no use to somebody who has not written it.
    const bool tells = error.hint.find(renewal) != std::string::npos;
    throw SpecError(error.location, error.what(), tells ? error.hint : renewal, error.notes);
  }
}

void refuse_other_options(std::string_view text, const Baseline& baseline,
                          const NamedTexts& options, const std::string& renewal) {
  if (baseline.options == options) return;
  text::Document document;
  parse_into(text, document);
  text::Fields fields(document.root(), "the baseline");
  throw SpecError(fields.require("options").location(),
                  fmt::format("the baseline was computed with {}, not with {}",
                              shown(baseline.options), shown(options)),
                  renewal);
}

}  // namespace smoothbound
