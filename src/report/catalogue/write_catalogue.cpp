#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "setting_types.hpp"
#include "shared/forms.hpp"
#include "smoothbound/report/catalogue/catalogue.hpp"

namespace smoothbound {
namespace {

// A constant as it is shown, with what can be done about an infinite one.
struct Stated {
  std::string_view formula;
  std::string source;
};

// The same under both methods.
struct ConstantRow {
  std::string symbol;
  Stated paper;
  Stated sharp;
};

ConstantRow row_of(std::string symbol, const Constant& paper, const Constant& sharp,
                   RemedyWords words) {
  return {std::move(symbol),
          {paper.formula, with_remedy(paper.source, paper.remedy, words)},
          {sharp.formula, with_remedy(sharp.source, sharp.remedy, words)}};
}

std::string_view place_of(Role role) {
  switch (role) {
    case Role::affine:
      return "begins a layer";
    case Role::merge:
      return "begins a layer, with a list of inputs";
    case Role::non_affine:
      break;
  }
  return "in 'then'";
}

std::vector<std::pair<std::string, Constant>> constants_of(const Parts& parts) {
  std::vector<std::pair<std::string, Constant>> all;
  for (const Part& part : parts) {
    if (const auto* b = std::get_if<AffineConstants>(&part)) {
      all.insert(all.end(), {{"L_beta", b->bilinear},
                             {"l_beta_v", b->linear_parameters},
                             {"l_beta_z", b->linear_input}});
    } else {
      const auto& a = std::get<MapConstants>(part);
      all.insert(all.end(), {{"l_a", a.lipschitz},
                             {"L_a", a.smoothness},
                             {"||a||", a.bound},
                             {"||a(0)||", a.at_zero},
                             {"||grad a(0)||", a.slope_at_zero}});
    }
  }
  return all;
}

// The constants of a component at its default settings on an input of some size: what is shown is
// their formulas, which do not depend on it.
std::vector<ConstantRow> constant_rows(const Component& component, RemedyWords words) {
  return std::visit(
      [&component, words](const auto& c) -> std::vector<ConstantRow> {
        std::vector<ConstantRow> rows;
        if constexpr (UnaryType<std::remove_cvref_t<decltype(c)>>) {
          const Shape shape = ids_of(component) ? Shape{8} : Shape{4, 8, 8};
          const std::span<const Shape> shapes(&shape, 1);
          const Site site{shapes, c.output_shape(shapes), 2};
          const auto paper = constants_of(c.parts(site, Method::paper));
          const auto sharp = constants_of(c.parts(site, Method::sharp));
          for (std::size_t i = 0; i < paper.size(); ++i) {
            rows.push_back(row_of(paper[i].first, paper[i].second, sharp[i].second, words));
          }
        }
        return rows;
      },
      component);
}

std::string rule_of(const Component& component) {
  return std::visit(
      [](const auto& c) -> std::string {
        if constexpr (MergeType<std::remove_cvref_t<decltype(c)>>) {
          return std::string(c.rule());
        } else {
          return "";
        }
      },
      component);
}

// Of its bounds there is nothing to say but where they come from.
std::string rule_of(const Composite& composite) {
  std::vector<std::string> names;
  for (const Piece& piece : pieces_of(composite)) {
    names.push_back(piece.name.empty() ? "NAME" : fmt::format("NAME.{}", piece.name));
  }
  return fmt::format("a layer NAME of it stands for the layers {}, with their bounds",
                     fmt::join(names, ", "));
}

std::vector<ConstantRow> constant_rows(const LossRow& loss, RemedyWords words) {
  constexpr std::int64_t samples = 10;
  const auto constants = [&](Method method) {
    return loss.constants({method, samples, Magnitude::from_count(1), Magnitude::from_count(1)});
  };
  const LossConstants paper = constants(Method::paper);
  const LossConstants sharp = constants(Method::sharp);
  return {row_of("l_f", paper.lipschitz, sharp.lipschitz, words),
          row_of("L_f", paper.smoothness, sharp.smoothness, words)};
}

// A component or a loss, as the catalogue tells of it.
struct CatalogueEntry {
  std::string_view name;
  std::string_view place;
  std::string formula;
  std::vector<SettingType> settings;
  std::string rule;
  std::vector<ConstantRow> constants;
  const LossRow* loss = nullptr;
  std::optional<LineRule> line = std::nullopt;  // none: of a composite, those of its layers
};

std::vector<CatalogueEntry> entries_of(const Catalogue& catalogue) {
  const auto is_wanted = [&](std::string_view name) {
    return catalogue.names.empty() ||
           std::ranges::find(catalogue.names, name) != catalogue.names.end();
  };
  std::vector<CatalogueEntry> entries;
  for (const Component& component : prototypes()) {
    if (!is_wanted(name_of(component))) continue;
    entries.push_back({name_of(component), place_of(role_of(component)),
                       std::string(formula_of(component)), setting_types(component),
                       rule_of(component), constant_rows(component, catalogue.words), nullptr,
                       line_rule_of(component)});
  }
  for (const Composite& composite : composites()) {
    if (!is_wanted(name_of(composite))) continue;
    entries.push_back({name_of(composite),
                       "begins a layer, stands for several",
                       std::string(formula_of(composite)),
                       setting_types(composite),
                       rule_of(composite),
                       {}});
  }
  for (const LossRow& loss : loss_table()) {
    if (!is_wanted(loss.name)) continue;
    entries.push_back({loss.name,
                       "loss",
                       std::string(loss.formula),
                       {},
                       loss.is_mean() ? "constants of one term; their mean over n has l_f, L_f "
                                        "(paper), l_f/sqrt n, L_f/n (sharp)"
                                      : "",
                       constant_rows(loss, catalogue.words),
                       &loss,
                       loss.line_rule});
  }
  return entries;
}

std::string note_of(const SettingType& setting) {
  if (setting.info.required) return "required";
  return setting.default_value.empty() ? "" : "default " + setting.default_value;
}

// By what its remainder along a line of parameters is bounded; "": that is told elsewhere.
std::string line_of(const CatalogueEntry& entry) {
  if (!entry.line) return "";
  return entry.line->exists() ? std::string(entry.line->name) : "none";
}

// Calls `take(symbol, method, constant)`, once where both methods have the same.
template <class Take>
void for_each_constant(const CatalogueEntry& entry, const Take& take) {
  for (const ConstantRow& row : entry.constants) {
    if (row.paper.formula == row.sharp.formula) {
      take(row.symbol, "", row.sharp);
    } else {
      take(row.symbol, "paper", row.paper);
      take("", "sharp", row.sharp);
    }
  }
}

void write_text(const CatalogueEntry& entry, Page& page) {
  page.title(fmt::format("{}   {}", entry.name, entry.place));
  page.entry(1, entry.formula);
  for (const SettingType& setting : entry.settings) {
    const std::string note = note_of(setting);
    page.entry(1, fmt::format("{}: {} ({}{}{})", setting.info.name, setting.info.description,
                              setting.type, note.empty() ? "" : "; ", note));
  }
  if (!entry.rule.empty()) page.entry(1, entry.rule);
  for_each_constant(
      entry, [&](std::string_view symbol, std::string_view method, const Stated& constant) {
        const std::string source =
            constant.source.empty() ? "" : fmt::format("   ({})", constant.source);
        page.entry(1, fmt::format("{:<14} {:<6} {}{}", symbol, method, constant.formula, source));
      });
  if (entry.line) {
    page.entry(1, fmt::format("along a line: {}   ({})", line_of(entry), entry.line->source));
  }
  page.gap();
}

void write_markdown(const CatalogueEntry& entry, Page& page) {
  page.heading(fmt::format("{} ({})", page.foreign(entry.name), entry.place));
  page.paragraph(page.foreign(entry.formula));
  page.gap();
  Grid settings({{"setting"}, {"what"}, {"type"}, {""}});
  for (const SettingType& setting : entry.settings) {
    settings.add_row({setting.info.name, setting.info.description, setting.type, note_of(setting)});
  }
  if (!settings.empty()) page.grid(settings);
  if (!entry.rule.empty()) page.paragraph(page.foreign(entry.rule) + "\n");
  Grid constants({{"constant"}, {"method"}, {"formula"}, {"source"}});
  for_each_constant(entry,
                    [&](std::string_view symbol, std::string_view method, const Stated& constant) {
                      constants.add_row({symbol, method, constant.formula, constant.source});
                    });
  if (!constants.empty()) page.grid(constants);
  if (entry.line) {
    page.paragraph(fmt::format("along a line: {} ({})\n", line_of(entry), entry.line->source));
  }
}

void write_page(const Catalogue& catalogue, Page& page) {
  if (page.is_marked_up()) page.title("components and losses");
  for (const CatalogueEntry& entry : entries_of(catalogue)) {
    page.is_marked_up() ? write_markdown(entry, page) : write_text(entry, page);
  }
}

void write_csv(const Catalogue& catalogue, const Sink& sink) {
  CsvWriter csv(sink, {"name", "place", "record", "item", "method", "formula", "source",
                       "description", "type", "required", "default"});
  for (const CatalogueEntry& entry : entries_of(catalogue)) {
    const auto begin = [&](std::string_view record, std::string_view item) -> CsvWriter& {
      return csv.add(entry.name, entry.place, record, item);
    };
    begin(entry.loss == nullptr ? "component" : "loss", "").skip(1).add(entry.formula);
    csv.skip_to("description").add(entry.rule).end_row();
    for (const SettingType& setting : entry.settings) {
      begin("setting", setting.info.name).skip_to("description");
      csv.add(setting.info.description, setting.type, setting.info.required ? "true" : "false",
              setting.default_value);
      csv.end_row();
    }
    for (const ConstantRow& row : entry.constants) {
      begin("constant", row.symbol).add("paper", row.paper.formula, row.paper.source).end_row();
      begin("constant", row.symbol).add("sharp", row.sharp.formula, row.sharp.source).end_row();
    }
    if (entry.line) {
      begin("line", "").skip(1).add(line_of(entry), entry.line->source).end_row();
    }
  }
}

void put_constants(JsonWriter& json, const CatalogueEntry& entry) {
  json.list("constants", entry.constants, [&](const ConstantRow& row) {
    json.object([&] {
      json.member("symbol", row.symbol);
      json.object("paper", {{"formula", row.paper.formula}, {"source", row.paper.source}});
      json.object("sharp", {{"formula", row.sharp.formula}, {"source", row.sharp.source}});
    });
  });
}

void put_line(JsonWriter& json, const CatalogueEntry& entry) {
  if (!entry.line) return;
  json.object("line", {{"rule", line_of(entry)}, {"source", entry.line->source}});
}

void put_component(JsonWriter& json, const CatalogueEntry& entry) {
  json.members({{"name", entry.name}, {"place", entry.place}, {"formula", entry.formula}});
  json.list("settings", entry.settings, [&](const SettingType& setting) {
    json.object([&] {
      json.members({{"name", setting.info.name},
                    {"description", setting.info.description},
                    {"type", setting.type},
                    {"required", setting.info.required}});
      if (!setting.default_value.empty()) json.member("default", setting.default_value);
    });
  });
  put_constants(json, entry);
  if (!entry.rule.empty()) json.member("rule", entry.rule);
  put_line(json, entry);
}

void put_loss(JsonWriter& json, const CatalogueEntry& entry) {
  json.members({{"name", entry.name}, {"formula", entry.formula}, {"mean", entry.loss->is_mean()}});
  put_constants(json, entry);
  put_line(json, entry);
}

void write_json(const Catalogue& catalogue, JsonWriter& json) {
  const std::vector<CatalogueEntry> entries = entries_of(catalogue);
  json.member("schema", "smoothbound/layers/1");
  const auto put_entries = [&](std::string_view key, bool losses, const auto& put) {
    json.array(key, [&] {
      for (const CatalogueEntry& entry : entries) {
        if ((entry.loss != nullptr) != losses) continue;
        json.item([&] { json.object([&] { put(json, entry); }); });
      }
    });
  };
  put_entries("components", false, put_component);
  put_entries("losses", true, put_loss);
}

}  // namespace

std::string find_unknown(const Catalogue& catalogue) {
  for (const std::string& name : catalogue.names) {
    if (find_prototype(name) != nullptr || find_composite(name) != nullptr) continue;
    if (find_loss(name) == nullptr) return name;
  }
  return {};
}

void write(const Catalogue& catalogue, Format format, const Sink& sink) {
  constexpr Forms<Catalogue> forms{write_page, write_csv, write_json, JsonStyle::indented_by_1};
  forms.write(catalogue, format, sink);
}

}  // namespace smoothbound
