package words

// ISOProof says how a LiveCD was verified.
func ISOProof(fromMedium bool, tr func(string) string) string {
	if fromMedium {
		return tr("read back from the medium and compared; it starts by BIOS and by UEFI")
	}
	return tr("read back and compared, but not past the memory cache; it starts by BIOS and by UEFI")
}

// ISONext says what can be done with a LiveCD.
func ISONext(tr func(string) string) []string {
	return []string{
		tr("Write it to a stick with the live USB maker of antiX or MX: that makes a stick whose system can be remastered again. Any program that copies an image to a stick will do, too, but nothing can be saved on such a stick."),
		tr("Or burn it to a disc as an image."),
		tr("The file that ends in .sha256 beside it tells whether a copy is whole: sha256sum -c."),
	}
}
