"""How near two files are to each other: fingerprints that outlive another encoding.

    form       the fingerprint as bytes                         Likeness
    pictures   PDQ of a picture, with and without its bars      in the child
    films      eight frames of a film by share of its length    in the child
    sounds     127 x 16 signs of energy differences             in the child
    texts      MinHash of a document's words                    in the child
    gallery    many fingerprints in memory, and the nearest     Gallery

A fingerprint tells much about what it was made from: it is sealed wherever it rests,
opened into memory for a comparison, and never shown, logged or handed out. It is no
preview, and has no noise.

Sources: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm",
Meta, 2019; J. Haitsma and T. Kalker, "A Highly Robust Audio Fingerprinting System",
ISMIR 2002; A. Broder, "On the resemblance and containment of documents", 1997.
"""
