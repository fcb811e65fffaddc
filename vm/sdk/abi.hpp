#pragma once

#include <vm/sdk/codec.hpp>

/// The contract's interface as JSON, made by the compiler from the types of its methods. It is in
/// no wasm that runs: the build compiles the source once more with POLIS_ABI and takes it from the
/// object file.
namespace polis::sdk::abi {

inline constexpr size_t kBytesMax = 32'768;
inline constexpr size_t kTypesMax = 64;

constexpr bool same_text(const char* left, const char* right) {
    for (; *left != '\0' && *left == *right; ++left, ++right) {
    }
    return *left == *right;
}

/// JSON that grows while the compiler runs. Too much of it is a compiler's error.
struct Text {
    char data[kBytesMax] = {};
    size_t size = 0;
    const char* structs[kTypesMax] = {};  ///< those that are written already
    size_t structs_size = 0;

    constexpr void put(char c) { data[size++] = c; }

    constexpr void put(const char* text) {
        for (; *text != '\0'; ++text) {
            put(*text);
        }
    }

    constexpr void put_bool(bool value) { put(value ? "true" : "false"); }

    /// @return false if it was added before
    constexpr bool add_struct(const char* name) {
        for (size_t i = 0; i < structs_size; ++i) {
            if (same_text(structs[i], name)) {
                return false;
            }
        }
        structs[structs_size++] = name;
        return true;
    }
};

/// The name of a type in the ABI.
template <class T>
struct Name;

template <Integer T>
struct Name<T> {
    static constexpr void put(Text& out) {
        out.put(UnsignedInteger<T> ? 'u' : 'i');
        out.put(sizeof(T) == 1 ? "8" : sizeof(T) == 2 ? "16" : sizeof(T) == 4 ? "32" : "64");
    }
};

template <UnsignedInteger T>
struct Name<Checked<T>> : Name<T> {};

#define POLIS_ABI_NAME(type, name)                              \
    template <>                                                 \
    struct Name<type> {                                         \
        static constexpr void put(Text& out) { out.put(name); } \
    };

POLIS_ABI_NAME(u128, "u128")
POLIS_ABI_NAME(Fixed, "i64")
POLIS_ABI_NAME(bool, "bool")
POLIS_ABI_NAME(String, "string")
POLIS_ABI_NAME(Bytes, "bytes")
POLIS_ABI_NAME(Address, "address")
POLIS_ABI_NAME(Hash, "hash")

template <class T>
struct Name<Option<T>> {
    static constexpr void put(Text& out) {
        out.put("option<");
        Name<T>::put(out);
        out.put('>');
    }
};

template <class T>
struct Name<Vec<T>> {
    static constexpr void put(Text& out) {
        out.put("list<");
        Name<T>::put(out);
        out.put('>');
    }
};

template <Struct T>
struct Name<T> {
    static constexpr void put(Text& out) { out.put(T::kStructName); }
};

/// Called while the compiler runs, this is an error that names itself.
void error_names_in_POLIS_CONTRACT_differ_from_the_parameters();

constexpr size_t count_names(const char* names) {
    size_t count = *names == '\0' ? 0 : 1;
    for (; *names != '\0'; ++names) {
        count += *names == ',' ? 1 : 0;
    }
    return count;
}

/// Writes the next of "to, amount" in quotes. @return where the rest begins
constexpr const char* put_name(Text& out, const char* names) {
    while (*names == ' ' || *names == ',') {
        ++names;
    }
    out.put('"');
    for (; *names != '\0' && *names != ',' && *names != ' '; ++names) {
        out.put(*names);
    }
    out.put('"');
    return names;
}

/// [["to","address"],["amount","u64"]]
template <class... T>
constexpr void put_fields(Text& out, const char* names, Types<T...> /*types*/) {
    if (count_names(names) != sizeof...(T)) {
        error_names_in_POLIS_CONTRACT_differ_from_the_parameters();
    }
    out.put('[');
    bool first = true;
    [[maybe_unused]] const auto put_field = [&]<class Field>(Types<Field> /*type*/) {
        out.put(first ? "[" : ",[");
        first = false;
        names = put_name(out, names);
        out.put(",\"");
        Name<Field>::put(out);
        out.put("\"]");
    };
    (put_field(Types<T>{}), ...);
    out.put(']');
}

/// The structs that a type consists of, each once, the inner ones first.
template <class T>
struct Structs {
    static constexpr void put(Text& /*out*/) {}
};

template <class T>
struct Structs<Option<T>> : Structs<T> {};

template <class T>
struct Structs<Vec<T>> : Structs<T> {};

template <class... T>
struct Structs<Types<T...>> {
    static constexpr void put(Text& out) { (Structs<T>::put(out), ...); }
};

template <Struct T>
struct Structs<T> {
    static constexpr void put(Text& out) {
        Structs<FieldTypes<T>>::put(out);
        const bool first = out.structs_size == 0;
        if (out.add_struct(T::kStructName)) {
            out.put(first ? "\"" : ",\"");
            out.put(T::kStructName);
            out.put("\":{\"fields\":");
            put_fields(out, T::kFieldNames, FieldTypes<T>{});
            out.put('}');
        }
    }
};

/// What a pointer to a member function says.
template <class Method>
struct Signature;

template <class R, class C, class... A>
struct Signature<R (C::*)(A...)> {
    using Result = R;
    using Arguments = Types<PlainOf<A>...>;
    static constexpr bool kMutates = true;
};

template <class R, class C, class... A>
struct Signature<R (C::*)(A...) const> : Signature<R (C::*)(A...)> {
    static constexpr bool kMutates = false;
};

/// TokenSale is token_sale.
constexpr void put_contract_name(Text& out, const char* name) {
    for (bool first = true; *name != '\0'; ++name, first = false) {
        const bool upper = *name >= 'A' && *name <= 'Z';
        if (upper && !first) {
            out.put('_');
        }
        out.put(upper ? static_cast<char>(*name - 'A' + 'a') : *name);
    }
}

template <class Method>
constexpr void put_structs(Text& out) {
    Structs<typename Signature<Method>::Arguments>::put(out);
    Structs<typename Signature<Method>::Result>::put(out);
}

template <class Method>
constexpr void put_method(Text& out, const char* name, const char* params, bool payable) {
    using S = Signature<Method>;
    out.put(out.data[out.size - 1] == '[' ? "{\"name\":\"" : ",{\"name\":\"");
    out.put(name);
    out.put("\",\"mutates\":");
    out.put_bool(S::kMutates);
    out.put(",\"payable\":");
    out.put_bool(payable);
    out.put(",\"params\":");
    put_fields(out, params, typename S::Arguments{});
    out.put(",\"result\":");
    if constexpr (kIsSame<typename S::Result, void>) {
        out.put("null}");
    } else {
        out.put('"');
        Name<PlainOf<typename S::Result>>::put(out);
        out.put("\"}");
    }
}

template <class Method>
constexpr void put_constructor(Text& out, const char* params, bool payable) {
    static_assert(
        kIsSame<typename Signature<Method>::Result, void>, "a constructor returns nothing");
    out.put("{\"payable\":");
    out.put_bool(payable);
    out.put(",\"params\":");
    put_fields(out, params, typename Signature<Method>::Arguments{});
    out.put('}');
}

template <Struct Event>
constexpr void put_event(Text& out) {
    out.put(out.data[out.size - 1] == '[' ? "{\"name\":\"" : ",{\"name\":\"");
    out.put(Event::kStructName);
    out.put("\",\"fields\":");
    put_fields(out, Event::kFieldNames, FieldTypes<Event>{});
    out.put('}');
}

/// What is in the object file: found by its first bytes.
template <size_t N>
struct Section {
    char mark[16] = {'p', 'o', 'l', 'i', 's', '.', 'a', 'b', 'i', '.', 'j', 's', 'o', 'n', '\x01'};
    u32 size = N;
    char json[N] = {};

    constexpr explicit Section(const Text& text) {
        for (size_t i = 0; i < N; ++i) {
            json[i] = text.data[i];
        }
    }
};

}  // namespace polis::sdk::abi
