#include "smoothbound/spec/read_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include "collecting_reader.hpp"
#include "component_defaults.hpp"
#include "foreign_formats.hpp"
#include "read_weight_names.hpp"
#include "smoothbound/layers/composite.hpp"
#include "smoothbound/text/file_name.hpp"
#include "smoothbound/text/mistakes.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

std::string text_of(text::Value value, std::string_view what) {
  return std::string(text::parse_text(text::scalar_of(value, what)));
}

Real real_of(text::Value value, const RealSetting& setting) {
  return text::parse_real(text::scalar_of(value, setting.key), setting.range);
}

// Those of a section of the file; `only`: one of them, if not empty.
void read_settings(text::Fields& fields, std::string_view section, Settings& settings,
                   MistakeList& mistakes, std::string_view only = {}) {
  const auto is_here = [&](const auto& setting) {
    return setting.section == section && (only.empty() || setting.key == only);
  };
  for (const CountSetting& setting : count_settings()) {
    if (!is_here(setting)) continue;
    if (const auto value = fields.find(setting.key)) {
      mistakes.attempt([&] {
        settings.*setting.member = text::parse_count(text::scalar_of(*value, setting.key));
      });
    }
  }
  for (const RealSetting& setting : real_settings()) {
    if (!is_here(setting)) continue;
    if (const auto value = fields.find(setting.key)) {
      mistakes.attempt([&] { settings.*setting.member = real_of(*value, setting); });
    }
  }
}

Shape read_shape(text::Value shape) {
  if (!shape.is_sequence()) {
    throw SpecError(shape.location(),
                    fmt::format("shape must be a list of sizes, not {}", text::kind_name(shape)),
                    "for example shape: [3, 224, 224]");
  }
  MistakeList mistakes;
  std::vector<std::int64_t> sizes;
  for (auto size = shape.first_child(); size; size = size->next_sibling()) {
    mistakes.attempt([&] { sizes.push_back(text::parse_count(text::scalar_of(*size, "a size"))); });
    if (sizes.size() > Shape::largest_rank) break;
  }
  mistakes.throw_any();
  try {
    return Shape(sizes);
  } catch (const ShapeError& error) {
    throw SpecError(shape.location(), error.what(), error.hint);
  }
}

void read_input(text::Value value, Spec& spec, MistakeList& mistakes) {
  text::Fields fields(value, "input", "for example input: {shape: [3, 224, 224]}");
  mistakes.attempt([&] {
    spec.input = read_shape(fields.require("shape", "for example shape: [3, 224, 224]"));
    spec.has_input = true;
  });
  read_settings(fields, "input", spec.settings, mistakes);
  if (const auto norm = fields.find("sample_norm")) spec.sample_norm_location = norm->location();
  fields.finish();
}

const LossRow& loss_of(std::string_view name, Location location) {
  if (const LossRow* loss = find_loss(name)) return *loss;
  std::vector<std::string_view> names;
  for (const LossRow& row : loss_table()) names.push_back(row.name);
  throw SpecError(location, fmt::format("unknown loss '{}'", name),
                  suggest(name, names, "one of: " + join(names)));
}

// `loss: logistic` or `loss: {square: {label_radius: 1}}`
void read_loss(text::Value value, Settings& settings, MistakeList& mistakes) {
  if (value.is_scalar()) {
    settings.loss = &loss_of(text::parse_text(text::scalar_of(value, "loss")), value.location());
    return;
  }
  if (!value.is_mapping() || value.size() != 1) {
    throw SpecError(value.location(), "loss must be a name, or one name with its settings",
                    "for example loss: logistic, or loss: {square: {label_radius: 1}}");
  }
  const text::Value key = *value.first_child();
  const LossRow& loss = loss_of(key.text(), key.location());
  text::Fields fields(*key.next_sibling(), loss.name, fmt::format("write loss: {}", loss.name));
  for (const std::string_view setting : loss.settings) {
    if (!setting.empty()) read_settings(fields, "loss", settings, mistakes, setting);
  }
  fields.finish();
  settings.loss = &loss;
}

// The key of a merge's list of inputs, where it stands beside settings.
constexpr std::string_view inputs_key = "inputs";

// Reads one entry of `layers`.
class LayerReader {
 public:
  // `name`: where the entry gives none.
  LayerReader(text::Value entry, std::string name, std::vector<ComponentDefault>& defaults,
              MistakeList& mistakes)
      : entry_(entry),
        fields_(entry, "a layer", "for example {dense: 10, then: [softplus]}"),
        defaults_(defaults),
        mistakes_(mistakes) {
    layer_.location = entry.location();
    layer_.name = std::move(name);
    mistakes_.attempt([&] { read_name(); });
  }

  LayerSpec read() {
    const auto from = fields_.find("from");
    const auto radius = fields_.find("radius");
    const auto bias = fields_.find("bias");
    const auto then = fields_.find("then");
    const auto share = fields_.find("share");
    const auto weights = fields_.find(weights_key);
    layer_.components.reserve(1 + (then && then->is_sequence() ? then->size() : 0));
    const bool head_is_known = read_head();
    if (from && head_is_known) mistakes_.attempt([&] { read_from(*from); });
    if (radius) {
      mistakes_.attempt([&] {
        layer_.radius =
            text::parse_real(text::scalar_of(*radius, "radius"), text::RealRange::non_negative);
      });
    }
    if (bias) mistakes_.attempt([&] { read_bias(*bias, head_is_known); });
    if (share) {
      mistakes_.attempt([&] { layer_.share = {text_of(*share, "share"), share->location()}; });
    }
    if (weights && head_is_known) mistakes_.attempt([&] { read_weights(*weights); });
    if (then) mistakes_.attempt([&] { read_then(*then); });
    if (entry_.size() == 0) {
      throw SpecError(entry_.location(), "the layer is empty: it has no component",
                      "for example {dense: 10, then: [softplus]}");
    }
    return std::move(layer_);
  }

 private:
  void read_name() {
    const auto given = fields_.find("name");
    if (!given) return;
    std::string name = text_of(*given, "name");
    layer_.location = given->location();
    if (name.empty()) {
      throw SpecError(given->location(), "the name is empty", "choose a name, or leave it out");
    }
    if (name == input_name) {
      throw SpecError(given->location(), "'input' is the name of the network's input",
                      "choose another name");
    }
    layer_.name = std::move(name);
  }

  // The affine part or merge: the one key that names a component. Returns whether it is one.
  bool read_head() {
    bool is_known = true;
    for (const auto& [key, value] : fields_.unused()) {
      is_known =
          mistakes_.attempt([&, &key = key, &value = value] { read_part(key, value); }) && is_known;
    }
    return is_known;
  }

  void read_part(text::Value key, text::Value value) {
    const Component* prototype = find_prototype(key.text());
    const Composite* composite = find_composite(key.text());
    if (prototype == nullptr && composite == nullptr) refuse_key(key);
    if (prototype != nullptr && role_of(*prototype) == Role::non_affine) {
      throw SpecError(key.location(), fmt::format("{} does not begin a layer", key.text()),
                      fmt::format("write it in then: [{}]", key.text()));
    }
    if (!head_name().empty()) {
      throw SpecError(key.location(),
                      fmt::format("a layer has one affine part or merge; here are {} and {}",
                                  head_name(), key.text()),
                      "make them two layers");
    }
    if (composite != nullptr) {
      layer_.composite = {*composite, key.location()};
      read_settings_of(layer_.composite->composite, value, key.location());
    } else if (role_of(*prototype) == Role::merge) {
      read_merge(*prototype, key, value);
    } else {
      add(*prototype, value, key.location());
      // Nothing of it is used.
      if (reads_nothing(*prototype)) layer_.inputs.push_back({std::string(input_name), {}});
    }
  }

  // The name of what begins the layer, if that is known.
  [[nodiscard]] std::string_view head_name() const {
    if (layer_.composite) return name_of(layer_.composite->composite);
    return layer_.components.empty() ? "" : name_of(layer_.components.front().component);
  }

  [[noreturn]] void refuse_key(text::Value key) const {
    std::vector<std::string_view> known = catalogue_names();
    known.insert(known.begin(), layer_keys.begin(), layer_keys.end());
    throw SpecError(key.location(),
                    fmt::format("unknown key or component '{}' in the layer", key.text()),
                    suggest(key.text(), known,
                            "'smoothbound layers' lists the components; other keys are name, from, "
                            "radius, bias, then, share and weights"));
  }

  // `concat: [a, b]` or `concat: {inputs: [a, b], axis: width}`
  void read_merge(const Component& prototype, text::Value key, text::Value value) {
    if (!value.is_mapping()) {
      read_inputs(value, prototype);
      layer_.components.push_back({prototype, key.location(), {}});
      return;
    }
    const auto take_inputs = [&](SettingsReader& reader) {
      if (const auto inputs = reader.take(inputs_key)) return read_inputs(*inputs, prototype);
      throw SpecError(value.location(), fmt::format("{} has no '{}'", key.text(), inputs_key),
                      example_of(prototype));
    };
    add(prototype, value, key.location(), take_inputs);
  }

  static std::string example_of(const Component& merge) {
    const InputCount count = input_count_of(merge);
    return fmt::format("for example {}: [{}]", name_of(merge),
                       count.most == 2 ? "keys, queries" : "conv1, shortcut");
  }

  void read_inputs(text::Value list, const Component& merge) {
    const InputCount count = input_count_of(merge);
    const std::size_t size = list.is_sequence() ? list.size() : 0;
    if (size < count.fewest || size > count.most) {
      const std::string_view needed = count.fewest == count.most ? "two layers"
                                      : count.fewest == 1        ? "one or more layers"
                                                                 : "two or more layers";
      throw SpecError(list.location(), fmt::format("{} needs a list of {}", name_of(merge), needed),
                      example_of(merge));
    }
    for (auto item = list.first_child(); item; item = item->next_sibling()) {
      mistakes_.attempt([&] {
        layer_.inputs.push_back({text_of(*item, "the name of a layer"), item->location()});
      });
    }
  }

  void read_from(text::Value from) {
    if (!layer_.inputs.empty()) {
      const Component& head = layer_.components.front().component;
      throw SpecError(
          fields_.key_location("from"),
          fmt::format("{} {}", name_of(head),
                      reads_nothing(head) ? "reads nothing" : "names its inputs itself"),
          "remove 'from'");
    }
    if (from.is_sequence()) {
      throw SpecError(from.location(), "from must be the name of one layer",
                      "to combine several, use " + join(component_names(Role::merge)));
    }
    layer_.inputs.push_back({text_of(from, "from"), from.location()});
  }

  void read_bias(text::Value bias, bool head_is_known) {
    const bool given = text::parse_flag(text::scalar_of(bias, "bias"));
    bool* flag = nullptr;
    if (layer_.composite) {
      flag = bias_of(layer_.composite->composite);
    } else if (!layer_.components.empty()) {
      flag = bias_of(layer_.components.front().component);
    }
    if (flag != nullptr) {
      *flag = given;
    } else if (head_is_known) {
      throw SpecError(fields_.key_location("bias"), "this layer has no bias",
                      "'bias' belongs to " + join_or(biased_names()));
    }
  }

  // Of what begins the layer: what stands in `then` has its own.
  void read_weights(text::Value weights) {
    if (layer_.share) {
      throw SpecError(fields_.key_location(weights_key),
                      fmt::format("this layer has no weights of its own: it takes those of '{}'",
                                  layer_.share->name),
                      "remove 'weights', or write it in that layer");
    }
    std::vector<std::string_view> words;
    if (layer_.composite) {
      words = weight_words(layer_.composite->composite);
      layer_.composite->weights = read_weight_names(weights, words);
      return;
    }
    if (!layer_.components.empty()) words = array_words(layer_.components.front().component);
    if (words.empty()) {
      throw SpecError(fields_.key_location(weights_key),
                      "this layer begins with nothing that has weights",
                      "of what stands in 'then' they are a setting, as in then: "
                      "[{batch_norm: {weights: bn1}}]");
    }
    layer_.components.front().weights = read_weight_names(weights, words);
  }

  void read_then(text::Value then) {
    if (!then.is_sequence()) {
      throw SpecError(then.location(),
                      fmt::format("then must be a list, not {}", text::kind_name(then)),
                      "for example then: [softplus, {average_pool: 2}]");
    }
    for (auto item = then.first_child(); item; item = item->next_sibling()) {
      mistakes_.attempt([&] { read_map(*item); });
    }
  }

  // `softplus` or `{average_pool: 2}`
  void read_map(text::Value item) {
    text::Value key = item;
    std::optional<text::Value> value;
    if (item.is_mapping() && item.size() == 1) {
      key = *item.first_child();
      value = key.next_sibling();
    } else if (!item.is_scalar()) {
      throw SpecError(item.location(),
                      "an item of 'then' is one component, by name or with its settings",
                      "for example then: [softplus, {average_pool: 2}]");
    }
    const std::string_view name = text::scalar_of(key, "a component").text;
    const Component* prototype = find_prototype(name);
    if (prototype == nullptr && find_composite(name) == nullptr) {
      std::vector<std::string_view> known = component_names(Role::non_affine);
      const std::string here = suggest(name, known);  // Keras' linear is identity here
      for (const Role role : {Role::affine, Role::merge}) {
        for (const std::string_view other : component_names(role)) known.push_back(other);
      }
      for (const Composite& composite : composites()) known.push_back(name_of(composite));
      throw SpecError(
          key.location(), fmt::format("unknown component '{}'", name),
          here.empty() ? suggest(name, known, "'smoothbound layers' lists the components") : here);
    }
    if (prototype == nullptr || role_of(*prototype) != Role::non_affine) {
      throw SpecError(
          key.location(), fmt::format("{} does not belong in 'then'", name),
          fmt::format("give it an entry of its own in 'layers', as its key: {}: ...", name));
    }
    add(*prototype, value, key.location(), [&](SettingsReader& reader) {
      const std::vector<std::string_view> words = array_words(*prototype);
      if (words.empty()) return;
      if (const auto weights = reader.take(weights_key)) {
        layer_.components.back().weights = read_weight_names(*weights, words);
      }
    });
  }

  // `take_more`: what the settings stand beside.
  void add(const Component& prototype, std::optional<text::Value> value, Location location,
           const std::function<void(SettingsReader&)>& take_more = {}) {
    layer_.components.push_back({prototype, location, {}});
    read_settings_of(layer_.components.back().component, value, location, take_more);
  }

  // Of a component or composite.
  template <class Part>
  void read_settings_of(Part& component, std::optional<text::Value> value, Location location,
                        const std::function<void(SettingsReader&)>& take_more = {}) {
    SettingsReader reader(value, name_of(component), location);
    CollectingReader collecting(reader, mistakes_);
    const std::size_t before = mistakes_.size();
    visit_settings(component, collecting);
    if (take_more) mistakes_.attempt([&] { take_more(reader); });
    // A single value in place of settings that are missing is the same mistake.
    if (value && !value->is_mapping() && mistakes_.size() > before) return;
    mistakes_.attempt([&] { reader.finish(); });
    if (mistakes_.size() == 0) note_defaults(component, reader, defaults_);
  }

  text::Value entry_;
  text::Fields fields_;
  std::vector<ComponentDefault>& defaults_;
  MistakeList& mistakes_;
  LayerSpec layer_;
};

// What may be the name that an entry with a mistake was to have: under 'name', or a key that is
// none.
void add_lost_names(text::Value entry, std::vector<std::string>& names) {
  if (!entry.is_mapping()) return;
  for (auto key = entry.first_child(); key; key = key->next_sibling()) {
    const std::string_view word = key->text();
    key = key->next_sibling();
    const bool is_known = std::ranges::find(layer_keys, word) != layer_keys.end();
    if (word != "name" && (is_known || find_prototype(word) != nullptr)) continue;
    if (key->is_scalar()) names.emplace_back(key->text());
    if (!key->is_sequence()) continue;
    for (auto item = key->first_child(); item; item = item->next_sibling()) {
      if (item->is_scalar()) names.emplace_back(item->text());
    }
  }
}

void read_layers(text::Value list, const Limits& limits, Spec& spec, MistakeList& mistakes) {
  if (!list.is_sequence()) {
    throw SpecError(list.location(),
                    fmt::format("layers must be a list, not {}", text::kind_name(list)),
                    "begin each layer with '- ' in YAML, or use [...]");
  }
  if (list.size() == 0) {
    throw SpecError(list.location(), "layers is empty", "a network has at least one layer");
  }
  if (list.size() > limits.layers()) {
    throw SpecError(list.location(),
                    fmt::format("{} layers exceed the limit of {}", list.size(), limits.layers()),
                    Remedy::more_layers);
  }
  std::vector<LayerSpec>& layers = spec.layers;
  layers.reserve(list.size());
  for (auto entry = list.first_child(); entry; entry = entry->next_sibling()) {
    LayerSpec layer;
    layer.name = fmt::format("layer{}", layers.size() + 1);
    const std::size_t before = mistakes.size();
    mistakes.attempt(
        [&] { layer = LayerReader(*entry, layer.name, spec.defaults, mistakes).read(); });
    layer.has_mistake = mistakes.size() > before;
    if (layer.has_mistake) add_lost_names(*entry, spec.lost_names);
    layers.push_back(std::move(layer));
  }
}

// `fallback_name`: the name of the architecture where the file gives none.
Spec interpret(const text::Document& document, const std::string& fallback_name,
               const Limits& limits, MistakeList& mistakes) {
  Spec spec;
  text::Fields fields(document.root(), "the architecture", "it has the keys 'input' and 'layers'");
  fields.find("$schema");
  spec.name = fallback_name;
  if (const auto name = fields.find("name")) {
    mistakes.attempt([&] { spec.name = text_of(*name, "name"); });
  }
  read_settings(fields, "", spec.settings, mistakes);
  if (const auto loss = fields.find("loss")) {
    mistakes.attempt([&] { read_loss(*loss, spec.settings, mistakes); });
  }
  mistakes.attempt([&] {
    read_input(fields.require("input",
                              "the shape of one input, for example input: {shape: [3, 224, 224]}"),
               spec, mistakes);
  });
  mistakes.attempt(
      [&] { read_layers(fields.require("layers", "the list of layers"), limits, spec, mistakes); });
  mistakes.attempt([&] { fields.finish(); });
  return spec;
}

}  // namespace

std::size_t Limits::layers() const {
  return std::max(default_layers, static_cast<std::size_t>(static_cast<double>(bytes) /
                                                           static_cast<double>(default_bytes) *
                                                           static_cast<double>(default_layers)));
}

Spec read_spec(const Source& source, const Limits& limits) {
  MistakeList mistakes;
  Spec spec = read_spec(source, limits, mistakes);
  mistakes.throw_any();
  return spec;
}

Spec read_spec(const Source& source, const Limits& limits, MistakeList& mistakes) {
  if (source.model_format.empty()) {
    refuse_foreign(source.name, std::string_view(source.text).substr(0, models::beginning_bytes));
  }
  text::Document document;
  text::parse(source, document, &mistakes);
  std::string name = std::filesystem::path(source.name).stem();
  if (find_invalid_text(name) != std::string::npos) name = text_of_name(name);
  return interpret(document, name, limits, mistakes);
}

}  // namespace smoothbound
