{
  "variables": { "blst%": "<!(node -p \"process.env.DESTINY_BLST || 'not-found'\")" },
  "targets": [
    {
      "target_name": "destiny_bls",
      "sources": ["addon.c", "bls.c", "file-pages.c", "<(blst)/src/server.c"],
      "include_dirs": ["<(blst)/bindings"],
      "defines": ["__BLST_PORTABLE__", "NAPI_VERSION=8"],
      "cflags": ["-O2", "-fPIC", "-fno-builtin", "-Wno-unused-function"],
      "conditions": [
        ["OS!='win'", { "sources": ["<(blst)/build/assembly.S"] }],
        ["OS=='win'", {
          "sources": ["<(blst)/build/win64/*-x86_64.asm"],
          "defines": ["_CRT_SECURE_NO_WARNINGS"]
        }],
        ["OS=='mac'", { "xcode_settings": { "MACOSX_DEPLOYMENT_TARGET": "11.0" } }]
      ]
    }
  ]
}
