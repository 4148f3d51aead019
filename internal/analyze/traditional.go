package analyze

// traditional maps the traditional characters of our field to the simplified
// ones, so that a text from Taiwan or Hong Kong finds the same terms. It is a
// list of characters of health, law and rights, not a converter.
var traditional = map[string]string{}

func init() {
	const pairs = "" +
		"權权衛卫醫医療疗藥药護护員员婦妇產产難难離离國国際际聯联愛爱滋滋結结癆痨" +
		"環环氣气變变糧粮飢饥餓饿營营養养兒儿童童齡龄長长歲岁殘残礙碍態态別别戀恋" +
		"變变族族歧歧視视監监獄狱關关禁禁處处決决執执遭遭審审訊讯庭庭記记報报導导" +
		"論论會会議议遊游組组織织動动護护運运擊击炸炸彈弹戰战爭争衝冲醫医務务強强" +
		"姦奸暴暴殺杀墮堕胎胎懷怀節节傳传疫疫苗苗專专專专價价貿贸業业務务責责續续" +
		"發发標标貧贫窮穷癥症後后與与為为這这個个們们對对於于從从來来應应當当無无" +
		"過过還还進进實实現现經经濟济機机構构農农鄉乡漁渔廢废質质髒脏淨净飲饮廁厕"
	rs := []rune(pairs)
	for i := 0; i+1 < len(rs); i += 2 {
		traditional[string(rs[i])] = string(rs[i+1])
	}
}
